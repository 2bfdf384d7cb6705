// SPDX-License-Identifier: Apache-2.0
//
// Completion for bash, zsh and fish, from the command tree.
//
// Promises: every command, every option, every value of those that have a list; captures (*.ltk)
// and directories where a capture is wanted; the shell's own completion of commands after "--".
// Nothing is run to complete: no call of leaktrack.
#ifndef LEAKTRACK_TOOLS_COMMANDS_SHELL_COMPLETION_H_
#define LEAKTRACK_TOOLS_COMMANDS_SHELL_COMPLETION_H_

#include <string>

#include "tools/commands/command_tree.h"

namespace leaktrack {

std::string BashCompletion(const CommandTree& tree);
std::string ZshCompletion(const CommandTree& tree);
std::string FishCompletion(const CommandTree& tree);

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_COMMANDS_SHELL_COMPLETION_H_
