// SPDX-License-Identifier: Apache-2.0
//
// Builds everything that a run consists of: recorder, module map, capture file, drainer.
//
// Order: the starting thread opens all descriptors first, because the program may later drop
// privileges, change its root or install a filter at any time (pitfalls P9, X8 to X10). The
// recorder comes first. The capture follows and gets its header page at once. So a process that is
// killed here leaves either no capture, or one that says which process it belongs to. The only
// exception is a kill between the call that creates the file and the very next call.
//
// Thread-safety: none; runtime/run.cc calls it from one thread.
// Allocates: pthread_create may.
// Signals: unsafe.
// Fork: called in the child for a run of its own.
#ifndef LEAKTRACK_LIBTRACK_RUNTIME_RUN_START_H_
#define LEAKTRACK_LIBTRACK_RUNTIME_RUN_START_H_

#include <cstdint>

#include "libtrack/record/tracker.h"
#include "libtrack/runtime/options.h"

namespace leaktrack::track {

struct StartResult {
  bool started = false;
  // One line without a line end: what happens and what to do. It may be set even if the run
  // started.
  const char* problem = nullptr;
};

// `parent_run_id`: 0 for none.
StartResult BuildRun(const Options& options, uint64_t parent_run_id, Tracker* tracker,
                     Filter* filter);

// Starts a drainer for a run that has lost its own, and opens its files again by name.
// `share_descriptors`: see drainer.h.
bool RestartDrainer(bool share_descriptors);

// Ends a run without a drainer: writes what the recorder holds into the capture. Needs a stack of
// kHelperStackBytes.
bool WriteEndHere();

// Removes the recorder's name; the memory stays mapped. False: the name still exists, and this user
// may not remove it.
bool UnlinkRecorder();

// Looks through /dev/shm, at up to some 4,000 names and 16 files of this user. Removes recorders
// that are completely in their captures and whose owner is gone or has ended normally, and
// recorders whose run has not started within ten minutes. Marks a recorder that a predecessor of
// this very process left behind by exec. Recorders that ended processes left and nobody has read
// stay up to 256 MiB, the latest first (or up to a quarter of the tmpfs, and always at least one).
void TidyRecorders();

}  // namespace leaktrack::track

#endif  // LEAKTRACK_LIBTRACK_RUNTIME_RUN_START_H_
