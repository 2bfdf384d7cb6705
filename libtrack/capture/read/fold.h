// SPDX-License-Identifier: Apache-2.0
//
// Folding writes what a dead process left in its flight recorder into its capture file, as one last
// epoch.
//
// `leaktrack run` folds when its child is gone. Every report folds what it reads. A new run folds
// dead runs that it finds.
// Promises: a live owner is left alone. Two may fold at once: the file is locked, and the
// second finds the recorder folded. A fold that is interrupted is repeated by the next one and
// counts nothing twice.
//
// Thread-safety: safe; the lock is per file. Used by tools and tests, never by libtrack.
#ifndef LEAKTRACK_LIBTRACK_CAPTURE_READ_FOLD_H_
#define LEAKTRACK_LIBTRACK_CAPTURE_READ_FOLD_H_

#include <cstdint>
#include <optional>
#include <string>

#include "libtrack/capture/read/recorder_image.h"
#include "libtrack/capture/recorder_layout.h"

namespace leaktrack::capture {

// kGone: there is no recorder of this name, or not any more. Only the capture can tell what is
// missing.
enum class FoldResult : uint8_t { kFolded, kAlreadyFolded, kOwnerAlive, kFailed, kGone };

struct FoldOptions {
  std::string capture_path;  // empty: the path that the recorder names
  // How the run ended, if the caller knows (`run` saw it). Otherwise kKilled if the owner did not
  // say.
  std::optional<RunState> end_state;
  bool may_be_oom_kill = true;  // false: the caller knows that no SIGKILL ended it
  int64_t ended_ns = 0;         // when the caller saw the end, by CLOCK_MONOTONIC; 0: it did not
  bool owner_is_dead = false;   // the caller knows it, because it has waited for the process
  bool unlink_recorder = true;  // after success; also a recorder that its owner had folded
};

// `why` receives one line if the result is kFailed.
FoldResult FoldRecorder(const std::string& recorder_path, const FoldOptions& options,
                        std::string* why);

// Writes the contents of `image` as one last epoch into a copy of its capture, which is open as
// `fd`. The recorder is not changed. `running`: the copy says that the process was running then.
// `why` receives one line on failure.
bool CompleteCopy(int fd, const RecorderImage& image, bool running, std::string* why);

}  // namespace leaktrack::capture

#endif  // LEAKTRACK_LIBTRACK_CAPTURE_READ_FOLD_H_
