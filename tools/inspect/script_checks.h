// SPDX-License-Identifier: Apache-2.0
//
// What stands between `leaktrack run` and the program that is meant: start scripts, and commands
// that run other commands.
//
// What: reads a script for lines that take LD_PRELOAD away, and follows a command line through env,
// nice, timeout, numactl and their like to the program behind. Why: each of these is tracked
// itself, perfectly, and what it starts may not be. Promises: reads, never runs. A script is a
// program: what is found in it is a warning, what is not found is not denied.
//
// Thread-safety: none.
#ifndef LEAKTRACK_TOOLS_INSPECT_SCRIPT_CHECKS_H_
#define LEAKTRACK_TOOLS_INSPECT_SCRIPT_CHECKS_H_

#include <string>
#include <vector>

#include "tools/inspect/finding.h"

namespace leaktrack {

// Of a script's text; nothing where it hands LD_PRELOAD on, as far as its lines tell.
Findings CheckScriptText(const std::string& text);

// Of the script at `path`, run by `interpreter`; nothing where that is no shell.
Findings CheckScript(const std::string& path, const std::string& interpreter);

// A command line, from its first word to the program that it is for.
struct CommandChain {
  std::vector<std::string> programs;  // paths; the first is the first word, the last what is meant
  Findings findings;                  // what the wrappers do to LD_PRELOAD
  bool open = false;                  // the last is a wrapper, and what it would run is not named
};
CommandChain FollowWrappers(const std::vector<std::string>& command);

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_INSPECT_SCRIPT_CHECKS_H_
