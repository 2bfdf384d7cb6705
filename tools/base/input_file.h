// SPDX-License-Identifier: Apache-2.0
//
// Reads a text file that the user has named: a baseline, suppressions, patterns.
//
// Promises: opens only regular files, and pipes with a writer (`<(command)` of a shell). Gives up
// on a pipe that is silent for ten seconds. A file that cannot be read, or is too large for a
// text, is an error that names it.
//
// Thread-safety: safe.
#ifndef LEAKTRACK_TOOLS_BASE_INPUT_FILE_H_
#define LEAKTRACK_TOOLS_BASE_INPUT_FILE_H_

#include <cstddef>
#include <string>

#include "absl/status/statusor.h"

namespace leaktrack {

inline constexpr size_t kMostTextBytes = size_t{256} << 20;
inline constexpr int kSilentPipeMs = 10'000;

absl::StatusOr<std::string> ReadText(const std::string& path, int silent_pipe_ms = kSilentPipeMs);

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_BASE_INPUT_FILE_H_
