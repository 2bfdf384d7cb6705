// SPDX-License-Identifier: Apache-2.0
//
// Folding: what a dead process left in its flight recorder is written into its capture file as one
// last epoch.
//
// Who: `run` when its child is gone, every report for what it reads, a new run for the dead it
// finds.
// Promises: a live owner is left alone; two folders at once do no harm (the file is locked; the
// second finds the recorder folded); a fold that is cut off is repeated by the next one, and counts
// nothing twice.
//
// Thread-safety: safe; the lock is per file. Used by tools and tests, never by libtrack.
#ifndef LEAKTRACK_LIBTRACK_CAPTURE_READ_FOLD_H_
#define LEAKTRACK_LIBTRACK_CAPTURE_READ_FOLD_H_

#include <optional>
#include <string>

#include "libtrack/capture/read/recorder_image.h"
#include "libtrack/capture/recorder_layout.h"

namespace leaktrack::capture {

// kGone: there is no recorder of this name (any more); only the capture tells what is missing.
enum class FoldResult : uint8_t { kFolded, kAlreadyFolded, kOwnerAlive, kFailed, kGone };

struct FoldOptions {
  std::string capture_path;  // empty: the one that the recorder names
  std::optional<RunState>
      end_state;  // what is known of the end (`run` saw it); else kKilled if the owner told nothing
  bool owner_is_dead = false;   // the caller knows it (it has waited for the process)
  bool unlink_recorder = true;  // after success; also one that its owner had folded
};

// `why` gets one line when the result is kFailed.
FoldResult FoldRecorder(const std::string& recorder_path, const FoldOptions& options,
                        std::string* why);

// Writes what `image` holds into a copy of its capture that lies in `fd`, as one last epoch; the
// recorder is left as it is. `running`: the copy says that the process was running then. `why` gets
// one line where it cannot be done.
bool CompleteCopy(int fd, const RecorderImage& image, bool running, std::string* why);

}  // namespace leaktrack::capture

#endif  // LEAKTRACK_LIBTRACK_CAPTURE_READ_FOLD_H_
