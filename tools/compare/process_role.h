// SPDX-License-Identifier: Apache-2.0
//
// Which part a process plays in its program: workers of one kind are counted together.
//
// By the title that it has written over its arguments ("nginx: worker process"), numbers in it left
// out; else by whether it was forked from a run of the same program.
#ifndef LEAKTRACK_TOOLS_COMPARE_PROCESS_ROLE_H_
#define LEAKTRACK_TOOLS_COMPARE_PROCESS_ROLE_H_

#include <string>

#include "libtrack/capture/capture.h"

namespace leaktrack {

// The title in a command line, whose first word ends with a colon; empty: it is an ordinary command
// line.
std::string TitleOf(const std::string& command);

// "puma: cluster worker N: N", "server", or "server (forked)".
std::string RoleOf(const capture::ProcessInfo& process);

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_COMPARE_PROCESS_ROLE_H_
