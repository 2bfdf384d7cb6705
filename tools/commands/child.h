// SPDX-License-Identifier: Apache-2.0
//
// Runs a program and waits for it, as a shell would.
//
// SIGINT and SIGQUIT come from the terminal to both of us and are the program's to answer; SIGTERM
// and SIGHUP sent to us are passed on. The program gets the signal dispositions that we were
// started with.
//
// Thread-safety: none; one at a time, from the main thread.
#ifndef LEAKTRACK_TOOLS_COMMANDS_CHILD_H_
#define LEAKTRACK_TOOLS_COMMANDS_CHILD_H_

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

namespace leaktrack {

struct ChildEnd {
  pid_t pid = -1;  // -1: it could not be started
  int error = 0;   // why not: an errno
  int wait_status = 0;
  int64_t ended_ns = 0;   // by CLOCK_MONOTONIC, when its end was seen
  std::string last_name;  // of the program that it was at its end, as the kernel keeps it: 15 bytes
  int ExitCode() const;
};

ChildEnd RunChild(const std::string& path, const std::vector<std::string>& arguments);

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_COMMANDS_CHILD_H_
