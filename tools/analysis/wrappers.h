// SPDX-License-Identifier: Apache-2.0
//
// The functions and libraries that are never to blame: one table, in wrappers.cc.
#ifndef LEAKTRACK_TOOLS_ANALYSIS_WRAPPERS_H_
#define LEAKTRACK_TOOLS_ANALYSIS_WRAPPERS_H_

#include <string_view>

namespace leaktrack {

// `name` as QualifiedName gives it.
bool IsWrapperName(std::string_view name);

// `file_name` without directories: libraries whose own frames only pass allocations on.
bool IsRuntimeModule(std::string_view file_name);

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_ANALYSIS_WRAPPERS_H_
