// SPDX-License-Identifier: Apache-2.0
//
// Contrast: which of the paths to a function loses what the function makes.
//
//   lift of a path = its share of what lives on / its share of what was ever allocated
//
// A helper that makes buffers for ten callers is not to blame for the one that forgets them. Where
// an accused site has healthy neighbours, the same function called by others who give back, the
// blame moves outwards to the caller; never to a loop, nor from the program to somebody else's
// code.
// Limits: needs the neighbours: a fifth of the function's births must be theirs, and a block of
// theirs must be at least kContrast times as likely to be given back. Stacks that were merged have
// lost their callers and stay as they are.
#ifndef LEAKTRACK_TOOLS_ANALYSIS_BLAME_CALLER_CONTRAST_H_
#define LEAKTRACK_TOOLS_ANALYSIS_BLAME_CALLER_CONTRAST_H_

#include <vector>

#include "tools/analysis/blame/own_code.h"
#include "tools/analysis/model/result.h"

namespace leaktrack {

// Fills the lift of every site, and moves the blame of accused ones.
void BlameBuggyPaths(std::vector<SiteResult>& sites, const OwnCode& own = {});

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_ANALYSIS_BLAME_CALLER_CONTRAST_H_
