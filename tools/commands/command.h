// SPDX-License-Identifier: Apache-2.0
//
// A command of the program: its name, one line about it, its options, and what it does.
//
// Each command has a file of its own with a struct of options, a function that adds them to the
// command line, a function that runs, and the constant below that ties these together.
//
// To add a command: its file, and its constant in the list at the end and in the table of
// command_table.cc. --help, man pages and shell completions follow by themselves.
#ifndef LEAKTRACK_TOOLS_COMMANDS_COMMAND_H_
#define LEAKTRACK_TOOLS_COMMANDS_COMMAND_H_

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "tools/commands/option_list.h"

namespace leaktrack {

// What the chosen command will do; returns the exit status.
using Action = std::function<absl::StatusOr<int>()>;

struct Command {
  const char* name;
  const char* summary;  // one line of --help
  bool takes_command;   // "-- COMMAND [ARGUMENT...]" may follow the options
  // Adds the options to `list`. `tail` is what followed the "--".
  Action (*add)(OptionList& list, const std::vector<std::string>& tail);
};

// A command whose options have a member `command` takes what follows a "--": it is there before
// AddOptions is called.
template <typename Options, void (*AddOptions)(OptionList&, Options&),
          absl::StatusOr<int> (*Run)(const Options&)>
constexpr Command MakeCommand(const char* name, const char* summary) {
  constexpr bool kTakesCommand = requires(Options options) { options.command; };
  return {name, summary, kTakesCommand,
          [](OptionList& list, const std::vector<std::string>& tail) -> Action {
            auto options = std::make_shared<Options>();
            if constexpr (kTakesCommand) options->command = tail;
            AddOptions(list, *options);
            return [options] { return Run(*options); };
          }};
}

// All commands, in the order of --help.
std::span<const Command* const> Commands();

// Null: there is none of this name.
const Command* FindCommand(const std::string& name);

extern const Command kRun, kReport, kTriage, kTop, kServe, kLook, kMerge, kPush, kDiff, kGate,
    kSeal, kDoctor, kDump;

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_COMMANDS_COMMAND_H_
