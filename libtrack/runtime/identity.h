// SPDX-License-Identifier: Apache-2.0
//
// Who this run is: host, program, command line, boot, PID namespace, and a run id that no other run
// has.
//
// exec keeps both pid and start time, and containers reuse pid 1 for ever, so names also carry a
// random run id (pitfall F12).
//
// Thread-safety: none.   Allocates: never.   Signals: safe.   Fork: call again in the child.
#ifndef LEAKTRACK_LIBTRACK_RUNTIME_IDENTITY_H_
#define LEAKTRACK_LIBTRACK_RUNTIME_IDENTITY_H_

#include "libtrack/capture/recorder_layout.h"

namespace leaktrack::track {

struct Identity {
  uint64_t run_id;
  uint8_t boot_id[16];
  uint64_t pid_namespace;
  uint64_t start_ticks;  // of the process: exec keeps it
  uint32_t pid;
  uint32_t parent_pid;
  char host[72];
  char program[72];  // the last part of argv[0]; of the executable, where a title or nothing stands
                     // there
  char command[1024];
};

// Reads everything from /proc and uname; what cannot be read stays empty or 0.
void ReadIdentity(Identity& identity);

// What it calls itself by now: servers that fork write a title over their arguments. False, and
// nothing changed, where that cannot be read or is empty. For one thread at a time, as all of this.
bool ReadCommandAnew(char (&command)[1024]);

// Whether the program is known to end itself when it finds a second thread: Chromium's zygote (also
// in Electron), from which renderers are forked, counts its threads before it forks.
bool InsistsOnOneThread();

// Puts the current directory before a relative one; left alone where that is unreachable or does
// not fit.
void MakeAbsolute(char (&directory)[896]);

// "<directory>/<host>.<program>.<pid>.<run id>.ltk", absolute. False if it does not fit.
bool MakeCapturePath(const Identity& identity, const char* directory, char (&path)[1024]);

// "/dev/shm/leaktrack.<pid>.<run id>.<user>.ltr"
void MakeRecorderPath(const Identity& identity, char (&path)[128]);

}  // namespace leaktrack::track

#endif  // LEAKTRACK_LIBTRACK_RUNTIME_IDENTITY_H_
