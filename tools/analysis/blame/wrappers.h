// SPDX-License-Identifier: Apache-2.0
//
// Which names and files only pass an allocation on, or call the program back: those of the table of
// known code (known_code.h), and of the allocators that leaktrack knows (capture/allocators.h).
#ifndef LEAKTRACK_TOOLS_ANALYSIS_BLAME_WRAPPERS_H_
#define LEAKTRACK_TOOLS_ANALYSIS_BLAME_WRAPPERS_H_

#include <string_view>

namespace leaktrack {

// `name` as QualifiedName gives it: does it only pass an allocation on?
bool IsWrapperName(std::string_view name);

// The part of them that does nothing but allocate.
bool IsAllocatorName(std::string_view name);

// Does it run the program's event handlers, or its script?
bool IsLoopName(std::string_view name);

// "Parse() [clone .isra.0]" and "parse.part.0" are Parse() and parse, cut up by the compiler.
std::string_view WithoutCloneMarks(std::string_view name);

// "pool_*" matches all names that begin so, "a_*b*" those with b behind; anything else itself.
bool MatchesPattern(std::string_view name, std::string_view pattern);

// "python3.11" -> "python".
std::string_view WithoutVersion(std::string_view program);

// `file_name` without directories.
bool IsRuntimeModule(std::string_view file_name);
bool IsKnownLibrary(std::string_view file_name);
bool IsHost(std::string_view file_name);

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_ANALYSIS_BLAME_WRAPPERS_H_
