// SPDX-License-Identifier: Apache-2.0
//
// Builds everything a run consists of: recorder, module map, capture file, drainer.
//
// Order: descriptors are opened first and by the starting thread, because the program may drop
// privileges, change its root or install a filter at any time after (pitfalls P9, X8 to X10). The
// recorder comes first, then the capture with its header page at once: a process that is killed
// here leaves no capture, or one that says whose it is, but for the moment between the call that
// creates it and the next.
//
// Thread-safety: none; runtime/run.cc calls it from one thread.   Allocates: pthread_create may.
// Signals: unsafe.   Fork: called in the child for a run of its own.
#ifndef LEAKTRACK_LIBTRACK_RUNTIME_RUN_START_H_
#define LEAKTRACK_LIBTRACK_RUNTIME_RUN_START_H_

#include <cstdint>

#include "libtrack/record/tracker.h"
#include "libtrack/runtime/options.h"

namespace leaktrack::track {

struct StartResult {
  bool started = false;
  const char* problem =
      nullptr;  // one line without its end: what happens and what to do; also when the run started
};

// `parent_run_id`: 0 for none.
StartResult BuildRun(const Options& options, uint64_t parent_run_id, Tracker* tracker,
                     Filter* filter);

// Starts a drainer for a run that lost its own, opening its files by name again.
// `share_descriptors`: see drainer.h.
bool RestartDrainer(bool share_descriptors);

// The end of a run without a drainer: writes what the recorder holds into the capture. Needs some
// stack (kHelperStackBytes).
bool WriteEndHere();

// Removes the recorder's name; the memory stays mapped. False: there still is a name, which this
// user may not remove.
bool UnlinkRecorder();

// Looks through /dev/shm, at some 4,000 names and 16 files of this user's at most: recorders that
// are wholly in their captures and whose owner is gone or has ended well are removed, and so are
// those that in ten minutes never came to run; one that a predecessor of this very process left
// behind by exec is marked so. Of what ended processes left and nobody has read, the latest 256 MiB
// stay (or a quarter of the tmpfs, and one in any case).
void TidyRecorders();

}  // namespace leaktrack::track

#endif  // LEAKTRACK_LIBTRACK_RUNTIME_RUN_START_H_
