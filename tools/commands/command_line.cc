// SPDX-License-Identifier: Apache-2.0
#include "tools/commands/command_line.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <exception>
#include <string>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "tools/base/own_build_id.h"
#include "tools/base/safe_text.h"
#include "tools/commands/exit_code.h"

namespace leaktrack {
namespace {

constexpr char kAbout[] =
    "Finds memory leaks in running native programs.\n\n"
    "  leaktrack run -- ./service --port 80   run a program and record what it allocates\n"
    "  leaktrack report .                     say what grows, in every capture of this directory\n";

int Failed(std::string_view where, std::string_view why) {
  fprintf(stderr, "leaktrack%s%s: %s\n", where.empty() ? "" : " ", std::string(where).c_str(),
          SafeText(why).c_str());
  return kExitFailed;
}

// Takes what follows the first "--" out of the arguments of a command that runs another one. It
// belongs to that one, whatever it looks like, and CLI11 would take it apart.
std::vector<std::string> CutTail(const Command& command, std::vector<std::string>& arguments) {
  const auto dashes = std::ranges::find(arguments, "--");
  if (!command.takes_command || dashes == arguments.end()) return {};
  std::vector<std::string> tail(dashes + 1, arguments.end());
  arguments.erase(dashes, arguments.end());
  return tail;
}

// Arguments that name no command that there is.
int NoCommand(const std::vector<std::string>& arguments) {
  const std::string known = absl::StrJoin(
      Commands(), ", ", [](std::string* out, const Command* one) { *out += one->name; });
  const std::string what =
      arguments.empty() ? "no command is given"
      : arguments[0].starts_with("-")
          ? absl::StrCat("'", arguments[0], "' is not an option of the program itself")
          : absl::StrCat("'", arguments[0], "' is not a command");
  return Failed("", absl::StrCat(what, "; the commands are ", known, " (leaktrack --help)"));
}

bool IsProgramOption(const CLI::App& app, const std::string& argument) {
  return argument.starts_with("-") &&
         app.get_option_no_throw(argument.substr(0, argument.find('='))) != nullptr;
}

// CLI11's words, on one line.
int NotUnderstood(const std::string& command, const CLI::ParseError& error) {
  return Failed(command,
                absl::StrCat(absl::StripSuffix(error.what(), "\n"), "; leaktrack ", command,
                             command.empty() ? "" : " ", "--help lists the options"));
}

int Do(const CommandLine& line) {
  try {
    const absl::StatusOr<int> result = line.Run();
    if (result.ok()) return *result;
    return Failed("", std::string(result.status().message()));
  } catch (const std::exception& error) {
    // Out of memory, or a bug; nothing of ours throws on purpose.
    return Failed("", error.what());
  }
}

}  // namespace

CommandLine::CommandLine(const std::vector<std::string>& tail)
    : app_(std::make_unique<CLI::App>()) {
  app_->description(kAbout);
  app_->name("leaktrack");
  app_->set_version_flag("--version", [] {
    const std::string build = OwnBuildId();
    return build.empty() ? "leaktrack " LEAKTRACK_VERSION
                         : "leaktrack " LEAKTRACK_VERSION " (build " + build + ")";
  });
  app_->require_subcommand(1);
  for (const Command* command : Commands()) {
    OptionList list(*app_->add_subcommand(command->name, command->summary));
    actions_[command->name] = command->add(list, tail);
  }
}

CommandLine::~CommandLine() = default;

absl::StatusOr<int> CommandLine::Run() const {
  return actions_.at(app_->get_subcommands().front()->get_name())();
}

int RunCommandLine(std::vector<std::string> arguments) {
  const std::string name = arguments.empty() ? "" : arguments.front();
  const Command* const command = FindCommand(name);
  CommandLine line(command == nullptr ? std::vector<std::string>() : CutTail(*command, arguments));
  if (command == nullptr && !IsProgramOption(line.app(), name)) return NoCommand(arguments);
  try {
    std::ranges::reverse(arguments);  // as CLI11 wants them
    line.app().parse(std::move(arguments));
  } catch (const CLI::ParseError& error) {
    // --help and --version arrive here too.
    if (error.get_exit_code() == 0) return line.app().exit(error);
    return NotUnderstood(command == nullptr ? "" : name, error);
  }
  return Do(line);
}

}  // namespace leaktrack
