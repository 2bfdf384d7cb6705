// SPDX-License-Identifier: Apache-2.0
//
// Which captures a path stands for, and each of them in its final form.
//
// Why one place: whoever reads a capture of a dead process must fold its recorder first, or loses
// the last moments.
// Promises: recorders of living processes are left alone.
#ifndef LEAKTRACK_TOOLS_COMMANDS_CAPTURES_H_
#define LEAKTRACK_TOOLS_COMMANDS_CAPTURES_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "libtrack/capture/capture.h"

namespace leaktrack {

inline constexpr char kCaptureSuffix[] = ".ltk";

// Paths of the captures in a directory, sorted; without the sealed copies of captures that lie
// beside them (SealedBeside).
absl::StatusOr<std::vector<std::string>> ListCaptures(const std::string& directory);

// The captures that `path` stands for: itself, or those in it if it is a directory, and the
// recorders of those that were removed from it.
absl::StatusOr<std::vector<std::string>> CapturesAt(const std::string& path);

// The captures in a directory and all below it, sorted, so that they always come in the same order.
// Links to directories are not followed: they may form a ring. `problem` gets a line where a part
// could not be looked through.
std::vector<std::string> CapturesBelow(const std::string& directory, std::string* problem);

// Where `seal` puts the copy of a capture that is still written: "x.ltk" -> "x.sealed.ltk".
std::string SealedBeside(const std::string& capture_path);

// Those of all places, in the order named; what is named twice, or by two names, once.
absl::StatusOr<std::vector<std::string>> CapturesAtAll(const std::vector<std::string>& places);

// Decodes; folds the recorder of a dead process first, so that the file alone is complete from then
// on. Where the file cannot be written, is a copy of one that is there still, or has not even a
// header, the recorder is read all the same, and `fold_problem` says why.
absl::StatusOr<capture::Capture> OpenCapture(const std::string& path);

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_COMMANDS_CAPTURES_H_
