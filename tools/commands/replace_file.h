// SPDX-License-Identifier: Apache-2.0
#ifndef LEAKTRACK_TOOLS_COMMANDS_REPLACE_FILE_H_
#define LEAKTRACK_TOOLS_COMMANDS_REPLACE_FILE_H_

#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace leaktrack {

// Writes `path` as a whole or not at all: beside it, to the disk, then renamed over it. It has the mode of `like`; the owner's, where
// that may be given.
absl::Status ReplaceFile(const std::string& path, const std::string& like, std::string_view bytes);

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_COMMANDS_REPLACE_FILE_H_
