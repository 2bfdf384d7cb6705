// SPDX-License-Identifier: Apache-2.0
//
// The functions and libraries that are never to blame: the tables are in wrappers.cc.
#ifndef LEAKTRACK_TOOLS_ANALYSIS_BLAME_WRAPPERS_H_
#define LEAKTRACK_TOOLS_ANALYSIS_BLAME_WRAPPERS_H_

#include <string_view>

namespace leaktrack {

// `name` as QualifiedName gives it.
bool IsWrapperName(std::string_view name);

// The part of them that does nothing but allocate.
bool IsAllocatorName(std::string_view name);

// "pool_*" matches all names that begin so, "a_*b*" those with b behind; anything else itself.
bool MatchesPattern(std::string_view name, std::string_view pattern);

// `file_name` without directories: libraries whose own frames only pass allocations on.
bool IsRuntimeModule(std::string_view file_name);

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_ANALYSIS_BLAME_WRAPPERS_H_
