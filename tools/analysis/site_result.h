// SPDX-License-Identifier: Apache-2.0
//
// From what was judged to the answer.
#ifndef LEAKTRACK_TOOLS_ANALYSIS_SITE_RESULT_H_
#define LEAKTRACK_TOOLS_ANALYSIS_SITE_RESULT_H_

#include "tools/analysis/detect/hypotheses.h"
#include "tools/analysis/evidence.h"
#include "tools/analysis/model/result.h"

namespace leaktrack {

// `end_ms`: the end of the run, of which the live figures are, whatever moment was judged.
SiteResult MakeSiteResult(Hypothesis hypothesis, const RunFacts& run, double end_ms);

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_ANALYSIS_SITE_RESULT_H_
