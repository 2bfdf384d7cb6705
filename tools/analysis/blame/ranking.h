// SPDX-License-Identifier: Apache-2.0
//
// In what order sites are shown.
//
// Worse verdicts first; within one what chance does not explain. Then by what is certain of the
// growth at the end of the run, times how probable it is that it never ends
//   score = LCB90(rate at the end) * leak_probability
// then what accelerates more, as it fills the memory sooner, then by lift (caller_contrast.h), then
// by size. What does not grow: by size.
#ifndef LEAKTRACK_TOOLS_ANALYSIS_BLAME_RANKING_H_
#define LEAKTRACK_TOOLS_ANALYSIS_BLAME_RANKING_H_

#include <vector>

#include "tools/analysis/model/result.h"

namespace leaktrack {

// Bytes per hour; 0 for a site that does not grow.
double RankScore(const SiteResult& site);

void RankSites(std::vector<SiteResult>& sites);

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_ANALYSIS_BLAME_RANKING_H_
