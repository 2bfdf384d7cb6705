// SPDX-License-Identifier: Apache-2.0
//
// Growth in the words of those who watch services: "+26 MiB/min since 10:15 UTC,
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

// What is counted by the minute, and what by the hour.
bool CountsByTheMinute(double bytes_per_hour);

// "26 MiB/min (90 % range: 24 to 28)", with units in brackets where they differ.
std::string GrowthText(const Rate& growth);

// " since 10:15 UTC"; empty where that is not known.
std::string SinceText(const SiteGroup& group, const ReportInput& input);

// What is special about the growth: "it doubles every 3m; one in 50 of its blocks is never freed".
// Empty for plain steady growth.
std::string PeculiarityText(const SiteGroup& group);

// What a group of sites does, in one sentence.
std::string GrowthSentence(const SiteGroup& group, const ReportInput& input);

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_REPORT_WORDS_GROWTH_WORDS_H_
