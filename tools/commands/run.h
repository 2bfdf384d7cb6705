// SPDX-License-Identifier: Apache-2.0
//
// `leaktrack run`: runs a command with the library preloaded.
//
// Promises: the command always runs, tracked or, with a line that says why not, untracked; its exit
// status is ours (128 + n when a signal ended it). Its standard streams are untouched; our own
// lines go to standard error.
#ifndef LEAKTRACK_TOOLS_COMMANDS_RUN_H_
#define LEAKTRACK_TOOLS_COMMANDS_RUN_H_

#include <string>
#include <vector>

namespace leaktrack {

struct RunOptions {
  std::string output_directory;  // empty: $LEAKTRACK_OUT, else the current directory
  std::string interval;          // empty: as the environment says; else auto, exact or a size
  bool exact = false;
  std::string children;  // empty: as the environment says; else all, none or a pattern
  bool early = false;    // processes below the command are recorded from their first moment
  std::string unwinder;  // empty: as the environment says; else cfi or libunwind
  bool watch = true;     // look at its memory while it runs (memory_watch.h)
  bool tell = true;      // where the captures are, at the end
  std::vector<std::string> command;
};

// The exit status of the command, or why it could not be run (exit_code.h).
int RunTracked(const RunOptions& options);

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_COMMANDS_RUN_H_
