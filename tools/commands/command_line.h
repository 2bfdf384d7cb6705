// SPDX-License-Identifier: Apache-2.0
//
// The command line: one function per command, which names its options and says what to call.
//
// To add a command: its own file with an Options struct and a Run function, and one function here.
#ifndef LEAKTRACK_TOOLS_COMMANDS_COMMAND_LINE_H_
#define LEAKTRACK_TOOLS_COMMANDS_COMMAND_LINE_H_

#include <CLI/CLI.hpp>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace leaktrack {

// What the chosen command will do; returns the exit status.
using Action = std::function<absl::StatusOr<int>()>;

// Whether a command of this name takes what follows a "--" for a command.
bool TakesCommand(std::string_view command);

// Takes what follows the "--" of `leaktrack run` or `gate` out of the arguments: it belongs to the
// command, whatever it looks like, and CLI11 would take it apart.
std::vector<std::string> CutCommand(int* argc, char** argv);

// Empty, or what to say of arguments that name no command that there is.
std::string UnknownCommand(const CLI::App& app, int argc, const char* const* argv);

// Describes the program and its commands in `app`; parsing then sets `*action`. `tail` comes from
// CutCommand.
void DescribeCommands(CLI::App& app, const std::vector<std::string>& tail, Action* action);

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_COMMANDS_COMMAND_LINE_H_
