// SPDX-License-Identifier: Apache-2.0
//
// Growth in the words of those who watch services: "+26 MiB/min (24 to 28) since 10:15Z,
// confirmed".
//
// Promises: only what was found is said: no doubling time without an exponential, no beginning
// without a late onset.
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

// What a group of sites does, in one sentence.
std::string GrowthSentence(const SiteGroup& group, const ReportInput& input);

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_REPORT_WORDS_GROWTH_WORDS_H_
