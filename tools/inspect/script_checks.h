// SPDX-License-Identifier: Apache-2.0
//
// Checks what stands between `leaktrack run` and the intended program: start scripts, and commands
// that run other commands.
//
// What: looks in a script for lines that remove LD_PRELOAD, and follows a command line through
// env, nice, timeout, numactl and others to the program behind them.
// Why: each of these is itself tracked perfectly, but the program that it starts may not be.
// Promises: reads, never runs. A problem found in a script is a warning.
// Limits: a script is a program, so the absence of a finding proves nothing.
//
// Thread-safety: none.
#ifndef LEAKTRACK_TOOLS_INSPECT_SCRIPT_CHECKS_H_
#define LEAKTRACK_TOOLS_INSPECT_SCRIPT_CHECKS_H_

#include <string>
#include <vector>

#include "tools/inspect/finding.h"

namespace leaktrack {

// Checks a script's text. Empty if it passes LD_PRELOAD on, as far as its lines tell.
Findings CheckScriptText(const std::string& text);

// Checks the script at `path`, run by `interpreter`. Empty if that is not a shell.
Findings CheckScript(const std::string& path, const std::string& interpreter);

// A command line, from its first word to the program that it is for.
struct CommandChain {
  std::vector<std::string>
      programs;       // paths; the first is the first word, the last the intended program
  Findings findings;  // the effects of the wrappers on LD_PRELOAD
  bool open = false;  // the last is a wrapper, and its command is unknown
};
CommandChain FollowWrappers(const std::vector<std::string>& command);

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_INSPECT_SCRIPT_CHECKS_H_
