// SPDX-License-Identifier: Apache-2.0
//
// The places of a user's small files, caches and histories. Nothing fails without them.
#ifndef LEAKTRACK_TOOLS_BASE_USER_FILES_H_
#define LEAKTRACK_TOOLS_BASE_USER_FILES_H_

#include <cstddef>
#include <string>

namespace leaktrack {

// $VARIABLE/leaktrack, else $HOME/BELOW_HOME/leaktrack. Empty if neither is an absolute path (XDG
// base directories).
std::string UserDirectory(const char* variable, const char* below_home);

// The first `most` bytes of a regular file. Anything else reads as empty. Never waits.
std::string ReadAtMost(const std::string& path, size_t most);
// The same for an open file.
std::string ReadAtMost(int fd, size_t most);

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_BASE_USER_FILES_H_
