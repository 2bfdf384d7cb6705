// SPDX-License-Identifier: Apache-2.0
//
// Notes that a program is about to be replaced by one that will run untracked, and why.
//
// Before an exec it looks at the environment and at the file of the new program. Why here: start
// scripts set LD_PRELOAD anew, empty the environment, or start programs that cannot be preloaded,
// and nobody sees that later.
// Promises: it makes a note only if the library came by LD_PRELOAD and will not be loaded again.
// Forked and vfork children are included; their notes go into the recorder of the process that they
// were forked from. Each program and reason is noted once, at most kMostExecNotes at a time. It
// costs half a dozen system calls, and none under a filter. A failed exec takes its note back.
// Limits: programs that the C library itself starts (posix_spawn, system, popen), and names that it
// looks up in PATH, are not examined. Neither are changes of LD_PRELOAD for children in ways that
// the loader understands and we do not.
//
// Thread-safety: safe.
// Allocates: never.
// Signals: safe.
// Fork: made for the child, also of vfork.
#ifndef LEAKTRACK_LIBTRACK_RUNTIME_EXEC_NOTE_H_
#define LEAKTRACK_LIBTRACK_RUNTIME_EXEC_NOTE_H_

#include <cstdint>

#include "libtrack/record/notes.h"

namespace leaktrack::track {

inline constexpr uint32_t kMostExecNotes = 16;

// Called at the start of the library: remembers whether it came by LD_PRELOAD.
void RememberPreload(const char* const* environment);

// What happens to the library in a program with this file (nullptr: not known) and environment.
capture::ExecFate FateOfExec(const char* path, const char* const* environment);

// Returns 0 if there is nothing to note, or no room. `own`: the process that the recorder belongs
// to is itself being replaced.
NoteHandle NoteExec(capture::RecorderHeader& header, const char* path,
                    const char* const* environment, bool own, uint64_t now_ms);

}  // namespace leaktrack::track

#endif  // LEAKTRACK_LIBTRACK_RUNTIME_EXEC_NOTE_H_
