// SPDX-License-Identifier: Apache-2.0
//
// What the exit status of a command says. A contract: scripts depend on it.
#ifndef LEAKTRACK_TOOLS_COMMANDS_EXIT_CODE_H_
#define LEAKTRACK_TOOLS_COMMANDS_EXIT_CODE_H_

namespace leaktrack {

enum ExitCode : int {
  kExitNothingFound = 0,
  kExitFound = 1,         // a leak or a suspect
  kExitFailed = 2,        // the tool could not do its work
  kExitInconclusive = 3,  // the run was too short, or data was lost
  kExitCannotExecute = 126,
  kExitCommandNotFound = 127,
  kExitSignalBase = 128,  // plus the number of the signal that ended the command
};

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_COMMANDS_EXIT_CODE_H_
