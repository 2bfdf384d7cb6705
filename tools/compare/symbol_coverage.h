// SPDX-License-Identifier: Apache-2.0
//
// Tells whether two versions can be matched by name at all.
//
// What: finds a program or library whose frames have names in one version's runs and none in the
// other's.
// Why: sites are matched by names. A stripped build beside one with symbols would have every leak
// fixed and every leak new.
// Promises: pure.
#ifndef LEAKTRACK_TOOLS_COMPARE_SYMBOL_COVERAGE_H_
#define LEAKTRACK_TOOLS_COMPARE_SYMBOL_COVERAGE_H_

#include <string>
#include <vector>

#include "tools/compare/site_counts.h"

namespace leaktrack {

// The file name of the first such module, by path. Empty: none.
std::string NamedOnOneSideOnly(const std::vector<RunCounts>& base,
                               const std::vector<RunCounts>& now);

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_COMPARE_SYMBOL_COVERAGE_H_
