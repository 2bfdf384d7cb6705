// SPDX-License-Identifier: Apache-2.0
//
// The identity of this run: host, program, command line, boot, PID namespace, and a run id that no
// other run has.
//
// exec keeps both pid and start time, and containers reuse pid 1 for ever. So names also contain a
// random run id (pitfall F12).
//
// Thread-safety: none.
// Allocates: never.
// Signals: safe.
// Fork: call again in the child.
#ifndef LEAKTRACK_LIBTRACK_RUNTIME_IDENTITY_H_
#define LEAKTRACK_LIBTRACK_RUNTIME_IDENTITY_H_

#include <cstdint>

#include "libtrack/capture/recorder_layout.h"

namespace leaktrack::track {

struct Identity {
  uint64_t run_id;
  uint8_t boot_id[16];
  uint64_t pid_namespace;
  uint64_t start_ticks;  // of the process; exec keeps it
  uint32_t pid;
  uint32_t parent_pid;
  char host[72];
  // The last part of argv[0]. If argv[0] is a title or empty: of the executable.
  char program[72];
  char command[1024];
};

// Reads everything from /proc and uname. What cannot be read stays empty or 0.
void ReadIdentity(Identity& identity);

// Only the program's name.
void ReadProgram(char (&program)[72]);

// What the process calls itself by now: servers that fork write a title over their arguments.
// False, and `command` unchanged, if that cannot be read or is empty. One thread at a time, like
// all functions here.
bool ReadCommandAnew(char (&command)[1024]);

// True if the program is known to end itself when it finds a second thread. Chromium's zygote (also
// in Electron), from which renderers are forked, counts its threads before it forks.
bool InsistsOnOneThread();

// Prepends the current directory to a relative path. Leaves the path unchanged if the current
// directory is unreachable or the result does not fit.
void MakeAbsolute(char (&directory)[896]);

// "<directory>/<host>.<program>.<pid>.<run id>.ltk", absolute. False if it does not fit.
bool MakeCapturePath(const Identity& identity, const char* directory, char (&path)[1024]);

// "/dev/shm/leaktrack.<pid>.<run id>.<user>.ltr"
void MakeRecorderPath(const Identity& identity, char (&path)[128]);

}  // namespace leaktrack::track

#endif  // LEAKTRACK_LIBTRACK_RUNTIME_IDENTITY_H_
