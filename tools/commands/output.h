// SPDX-License-Identifier: Apache-2.0
//
// Where a command's result goes: a file, or standard output. A result that could not be written whole is an error.
#ifndef LEAKTRACK_TOOLS_COMMANDS_OUTPUT_H_
#define LEAKTRACK_TOOLS_COMMANDS_OUTPUT_H_

#include <string>

#include "absl/status/status.h"

namespace leaktrack {

// `path` empty: standard output.
absl::Status WriteOutput(const std::string& path, const std::string& text);

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_COMMANDS_OUTPUT_H_
