// SPDX-License-Identifier: Apache-2.0
//
// A program that is about to be replaced by one that will run untracked leaves a note of it, and of
// why.
//
// What: before an exec, looks at the environment and at the file that the new program gets. Why
// here: start scripts set LD_PRELOAD anew, empty the environment, or start what cannot be
// preloaded, and nobody sees it afterwards. Promises: a note only where the library came by
// LD_PRELOAD and will not come again; of forked and vfork children, too, whose note goes into the
// record of the process that they were forked from, each program and reason once, at most
// kMostExecNotes at a time. Half a dozen system calls, none under a filter. An exec that failed
// takes its note back. Limits: what the C library starts itself (posix_spawn, system, popen) and
// names that are looked up in PATH by it are not looked at; a program that changes LD_PRELOAD for
// its children in ways that the loader understands and we do not.
//
// Thread-safety: safe.   Allocates: never.   Signals: safe.   Fork: made for the child, also of
// vfork.
#ifndef LEAKTRACK_LIBTRACK_RUNTIME_EXEC_NOTE_H_
#define LEAKTRACK_LIBTRACK_RUNTIME_EXEC_NOTE_H_

#include <cstdint>

#include "libtrack/record/notes.h"

namespace leaktrack::track {

inline constexpr uint32_t kMostExecNotes = 16;

// From the start of the library: did it come by LD_PRELOAD?
void RememberPreload(const char* const* environment);

// What becomes of the library in a program of this file (nullptr: not known) and environment.
capture::ExecFate FateOfExec(const char* path, const char* const* environment);

// 0: there is nothing to note, or no room. `own`: it is the process of the record itself that is
// replaced.
NoteHandle NoteExec(capture::RecorderHeader& header, const char* path,
                    const char* const* environment, bool own, uint64_t now_ms);

}  // namespace leaktrack::track

#endif  // LEAKTRACK_LIBTRACK_RUNTIME_EXEC_NOTE_H_
