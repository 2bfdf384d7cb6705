// SPDX-License-Identifier: Apache-2.0
//
// How probable a leak is, in the words of all formats: this is the only place that has them.
#ifndef LEAKTRACK_TOOLS_REPORT_WORDS_LIKELIHOOD_WORDS_H_
#define LEAKTRACK_TOOLS_REPORT_WORDS_LIKELIHOOD_WORDS_H_

#include <string>

#include "tools/analysis/model/result.h"
#include "tools/report/input/site_groups.h"
#include "tools/report/words/time_words.h"

namespace leaktrack {

// "60 %"; "over 99 %" and "under 1 %" rather than 100 or 0.
std::string PercentText(double probability);

// "60 % that this is a leak; decided by 08:55 UTC if it goes on". Empty where nothing was tested.
std::string LikelihoodText(const SiteResult& site, const RunTimes& run);
// The same of the most probable of a group.
std::string LikelihoodText(const SiteGroup& group, const RunTimes& run);

// "decided by 08:55 UTC if it goes on", "over 99 % by 09:10 UTC if it goes on". Empty: not within
// a month, it is decided, or the process has ended.
std::string DecisionText(const SiteResult& site, const RunTimes& run);

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_REPORT_WORDS_LIKELIHOOD_WORDS_H_
