// SPDX-License-Identifier: Apache-2.0
//
// The program from its arguments to its exit status: parse, run one command, say what went wrong.
//
// Promises: what is wrong is one line on standard error that names the command and says what helps.
// Thread-safety: none.
#ifndef LEAKTRACK_TOOLS_COMMANDS_COMMAND_LINE_H_
#define LEAKTRACK_TOOLS_COMMANDS_COMMAND_LINE_H_

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "tools/commands/command.h"

namespace leaktrack {

// The options of the program and of all its commands.
class CommandLine {
 public:
  // `tail`: what followed a "--".
  explicit CommandLine(const std::vector<std::string>& tail = {});
  ~CommandLine();
  CommandLine(const CommandLine&) = delete;
  CommandLine& operator=(const CommandLine&) = delete;

  CLI::App& app() { return *app_; }
  const CLI::App& app() const { return *app_; }

  // The command that was parsed.
  absl::StatusOr<int> Run() const;

 private:
  std::unique_ptr<CLI::App> app_;
  std::map<std::string, Action> actions_;
};

// The whole program. `arguments` begin with the name of the command. Returns the exit status.
int RunCommandLine(std::vector<std::string> arguments);

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_COMMANDS_COMMAND_LINE_H_
