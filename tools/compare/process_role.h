// SPDX-License-Identifier: Apache-2.0
//
// The role of a process in its program: workers of one kind are counted together.
//
// The role is the title that the process has written over its arguments ("nginx: worker process"),
// without its numbers. Without a title, the role tells whether the process was forked from a run
// of the same program.
#ifndef LEAKTRACK_TOOLS_COMPARE_PROCESS_ROLE_H_
#define LEAKTRACK_TOOLS_COMPARE_PROCESS_ROLE_H_

#include <string>

#include "libtrack/capture/capture.h"

namespace leaktrack {

// The title in a command line. Its first word ends with a colon. Empty: an ordinary command line.
std::string TitleOf(const std::string& command);

// "puma: cluster worker N: N", "server", or "server (forked)".
std::string RoleOf(const capture::ProcessInfo& process);

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_COMPARE_PROCESS_ROLE_H_
