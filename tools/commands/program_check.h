// SPDX-License-Identifier: Apache-2.0
//
// Can this program be tracked at all?
//
// What: finds the program as the shell would, looks into its file, and says in one sentence why preloading will not
// work: static, setuid, of another architecture. Why ask first: the loader ignores or refuses a preload without a word
// that a user could understand, and the capture is then missing without a reason.
// Promises: reads only; a program that cannot be judged is taken as trackable.
#ifndef LEAKTRACK_TOOLS_COMMANDS_PROGRAM_CHECK_H_
#define LEAKTRACK_TOOLS_COMMANDS_PROGRAM_CHECK_H_

#include <string>

namespace leaktrack {

enum class Found { kYes, kNotFound, kNotExecutable };

struct ProgramCheck {
  Found found = Found::kYes;
  std::string path;         // what to execute
  std::string untrackable;  // why it cannot be tracked and what to do; empty: it can
};

ProgramCheck CheckProgram(const std::string& command);

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_COMMANDS_PROGRAM_CHECK_H_
