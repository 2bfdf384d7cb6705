// SPDX-License-Identifier: Apache-2.0
//
// Takes from the tests of a site what the probability of a leak is made of.
#ifndef LEAKTRACK_TOOLS_ANALYSIS_DETECT_SIGNS_H_
#define LEAKTRACK_TOOLS_ANALYSIS_DETECT_SIGNS_H_

#include "tools/analysis/detect/judge.h"
#include "tools/analysis/model/leak_signs.h"

namespace leaktrack {

LeakSigns SignsOf(const SiteHistory& history, const Judgement& judgement, const Look& look);

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_ANALYSIS_DETECT_SIGNS_H_
