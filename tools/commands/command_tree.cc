// SPDX-License-Identifier: Apache-2.0
#include "tools/commands/command_tree.h"

#include <CLI/CLI.hpp>

#include "absl/strings/str_split.h"
#include "tools/commands/command.h"

namespace leaktrack {
namespace {

// CLI11 writes "TEXT:{text,json}": the kind of value, then what its checks allow.
void ReadType(const std::string& type, OptionFacts& option) {
  const std::string kind = type.substr(0, type.find(':'));
  option.value = kind == "UINT" || kind == "INT" ? "N" : kind == "TEXT" ? "NAME" : kind;
  const size_t open = type.find('{'), close = type.find('}');
  if (open == std::string::npos || close == std::string::npos || close < open) return;
  option.choices = absl::StrSplit(type.substr(open + 1, close - open - 1), ',');
}

OptionFacts ReadOption(const CLI::Option& from) {
  OptionFacts option;
  for (const std::string& name : from.get_snames()) option.names.push_back("-" + name);
  for (const std::string& name : from.get_lnames()) option.names.push_back("--" + name);
  if (from.get_items_expected_max() > 0) ReadType(from.get_type_name(), option);
  if (option.names.empty()) option.value = from.get_name();
  option.help = from.get_description();
  option.required = from.get_required();
  option.repeats = from.get_items_expected_max() > 1;
  return option;
}

CommandFacts ReadCommand(const CLI::App& app) {
  CommandFacts command;
  command.name = app.get_name();
  command.summary = app.get_description();
  command.footer = app.get_footer();
  const Command* const known = FindCommand(command.name);
  command.runs_command = known != nullptr && known->takes_command;
  for (const CLI::Option* option : app.get_options()) {
    if (option->get_group().empty()) continue;  // hidden
    OptionFacts facts = ReadOption(*option);
    (facts.names.empty() ? command.positionals : command.options).push_back(std::move(facts));
  }
  return command;
}

}  // namespace

CommandTree ReadCommandTree(const CLI::App& app) {
  CommandTree tree;
  tree.program = ReadCommand(app);
  for (const CLI::App* command :
       app.get_subcommands([](const CLI::App* one) { return !one->get_group().empty(); })) {
    tree.commands.push_back(ReadCommand(*command));
  }
  return tree;
}

}  // namespace leaktrack
