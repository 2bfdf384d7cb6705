// SPDX-License-Identifier: Apache-2.0
//
// Growth in the words of those who watch services: "+26 MiB/min (24 to 28) since 10:15Z,
// confirmed".
//
// Promises: times of day are UTC and marked Z, so that they can be held against a deployment log.
// Only what was found is said: no doubling time without an exponential, no beginning without a late
// onset.
#ifndef LEAKTRACK_TOOLS_REPORT_WORDS_GROWTH_WORDS_H_
#define LEAKTRACK_TOOLS_REPORT_WORDS_GROWTH_WORDS_H_

#include <string>

#include "tools/report/input/report_input.h"
#include "tools/report/input/site_groups.h"

namespace leaktrack {

// "26 MiB/min" from 60 MiB/h on, else "3 MiB/h".
std::string GrowthRate(double bytes_per_hour);

// "26 MiB/min (24 to 28)", with units in brackets where they differ.
std::string GrowthText(const Rate& growth);

// "60 %", never 0 or 100.
std::string PercentText(double probability);

// "60 %, decided by 08:55Z (in 12m) if it goes on": how probable a leak is, and until when more is
// known.
std::string ProbabilitySentence(const SiteGroup& group, const ReportInput& input);

// What a group of sites does, in one sentence.
std::string GrowthSentence(const SiteGroup& group, const ReportInput& input);

// "10:15Z"; with the day where the run is longer than one. Empty where the start of the run is not
// known.
std::string TimeOfDay(double seconds_since_start, const ReportInput& input);

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_REPORT_WORDS_GROWTH_WORDS_H_
