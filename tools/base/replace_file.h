// SPDX-License-Identifier: Apache-2.0
#ifndef LEAKTRACK_TOOLS_BASE_REPLACE_FILE_H_
#define LEAKTRACK_TOOLS_BASE_REPLACE_FILE_H_

#include <sys/stat.h>

#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace leaktrack {

// Writes `path` as a whole or not at all: a new file beside it, renamed over it once it is on the
// disk. The file gets the mode of `like`, and its owner where that is allowed. `like` empty: only
// its user may read it (0600), and the disk is not waited for. A device, a FIFO or a directory is
// never replaced.
//
// A file that is a mount of its own (a container's) cannot be renamed over. It is written in place,
// and a copy of the new contents lies beside it until that is done.
//
// The directory is looked up once, so that no exchange of a part of `path` sends the file
// elsewhere. A link in place of the file is replaced, not followed.
absl::Status ReplaceFile(const std::string& path, const std::string& like, std::string_view bytes);

// The same of a name in an open directory. `like`: facts about a file, or null.
absl::Status ReplaceFileAt(int directory, const std::string& name, const struct stat* like,
                           std::string_view bytes);

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_BASE_REPLACE_FILE_H_
