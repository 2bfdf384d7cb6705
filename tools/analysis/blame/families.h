// SPDX-License-Identifier: Apache-2.0
//
// Sites that lose the parts of one thing.
//
// One lost certificate is dozens of blocks from dozens of stacks, all made under the function that
// loads one. Accused sites are a family where all were made under one function, blame different
// functions, and hold numbers of blocks that are the same but for a small whole factor, as parts of
// a thing do. A function under which over half of all bytes were born and freed again (main, a
// worker loop) makes no family, nor does the one that a thread was started with.
// Where a site has makers in the program's own code, others make no family of it: nobody can mend
// the library that was asked for the thing.
// Promises: the members of a family blame that function, and keep by part_frame who made the part.
// Limits: says how sites belong together, never whether they leak; every site keeps its verdict.
#ifndef LEAKTRACK_TOOLS_ANALYSIS_BLAME_FAMILIES_H_
#define LEAKTRACK_TOOLS_ANALYSIS_BLAME_FAMILIES_H_

#include <vector>

#include "tools/analysis/blame/own_code.h"
#include "tools/analysis/model/result.h"

namespace leaktrack {

// Numbers the families, and moves the blame of each member to the common function.
void FindFamilies(std::vector<SiteResult>& sites, const OwnCode& own = {});

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_ANALYSIS_BLAME_FAMILIES_H_
