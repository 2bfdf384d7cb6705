// SPDX-License-Identifier: Apache-2.0
#ifndef LEAKTRACK_TOOLS_BASE_REPLACE_FILE_H_
#define LEAKTRACK_TOOLS_BASE_REPLACE_FILE_H_

#include <sys/stat.h>

#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace leaktrack {

// Writes `path` as a whole or not at all: beside it, then renamed over it. It has the mode of
// `like`; the owner's, where that may be given; and is on the disk before. `like` empty: its own
// user's alone (0600), and not worth waiting for a disk. What is no file (a device, a
// FIFO, a directory) is never replaced.
//
// A file that is a mount of its own (a container's) cannot be renamed over: it is written in place,
// and what was to be written lies beside it until that is done.
//
// The directory is looked up once: nobody who exchanges a part of `path` meanwhile has it written
// elsewhere. A link in place of the file is replaced, not followed.
absl::Status ReplaceFile(const std::string& path, const std::string& like, std::string_view bytes);

// The same of a name in an open directory. `like`: facts about a file, or null.
absl::Status ReplaceFileAt(int directory, const std::string& name, const struct stat* like,
                           std::string_view bytes);

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_BASE_REPLACE_FILE_H_
