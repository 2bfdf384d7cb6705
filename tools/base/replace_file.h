// SPDX-License-Identifier: Apache-2.0
#ifndef LEAKTRACK_TOOLS_BASE_REPLACE_FILE_H_
#define LEAKTRACK_TOOLS_BASE_REPLACE_FILE_H_

#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace leaktrack {

// Writes `path` as a whole or not at all: beside it, then renamed over it. It has the mode of
// `like`; the owner's, where that may be given; and is on the disk before. `like` empty: its own
// user's alone (0600), and not worth waiting for a disk. What is no file (a device, a FIFO, a
// directory) is never replaced.
absl::Status ReplaceFile(const std::string& path, const std::string& like, std::string_view bytes);

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_BASE_REPLACE_FILE_H_
