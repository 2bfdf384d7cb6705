// SPDX-License-Identifier: Apache-2.0
//
// The ELF files of a directory by their build-ids, whatever they are called: for debug files in a
// pile.
//
// Promises: looks at a directory once, when it is first asked, and at no more than
// kMostIndexedFiles files, four levels deep; symbolic links to directories are not followed.
// Regular files alone are opened.
//
// Thread-safety: none.
#ifndef LEAKTRACK_TOOLS_SYMBOLIZE_BUILD_ID_INDEX_H_
#define LEAKTRACK_TOOLS_SYMBOLIZE_BUILD_ID_INDEX_H_

#include <cstddef>
#include <string>
#include <vector>

namespace leaktrack {

inline constexpr size_t kMostIndexedFiles = 4096;

// Paths, sorted; empty where there is none, or `build_id` is empty.
std::vector<std::string> FilesWithBuildId(const std::string& directory,
                                          const std::string& build_id);

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_SYMBOLIZE_BUILD_ID_INDEX_H_
