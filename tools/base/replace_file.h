// SPDX-License-Identifier: Apache-2.0
#ifndef LEAKTRACK_TOOLS_BASE_REPLACE_FILE_H_
#define LEAKTRACK_TOOLS_BASE_REPLACE_FILE_H_

#include <sys/stat.h>

#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace leaktrack {

// Writes `path` as a whole or not at all: writes a new file beside it, and renames it once it is
// on the disk. The file gets the mode of `like`, and its owner if that is allowed. If `like` is
// empty, only the user may read the file (0600), and the call does not wait for the disk. Never
// replaces a device, a FIFO or a directory.
//
// A file that is a mount of its own (a container's) cannot be renamed over. It is written in
// place, and a copy of the new contents lies beside it meanwhile.
//
// The directory is looked up once, so nobody can redirect the file by exchanging a part of `path`.
// A link in place of the file is replaced, not followed.
absl::Status ReplaceFile(const std::string& path, const std::string& like, std::string_view bytes);

// The same for a name in an open directory. `like`: facts about a file, or null.
absl::Status ReplaceFileAt(int directory, const std::string& name, const struct stat* like,
                           std::string_view bytes);

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_BASE_REPLACE_FILE_H_
