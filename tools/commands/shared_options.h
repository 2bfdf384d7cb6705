// SPDX-License-Identifier: Apache-2.0
//
// Options that several commands have, each described once.
#ifndef LEAKTRACK_TOOLS_COMMANDS_SHARED_OPTIONS_H_
#define LEAKTRACK_TOOLS_COMMANDS_SHARED_OPTIONS_H_

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "tools/symbolize/symbolizer.h"

namespace leaktrack {

// Where names of functions and lines come from.
void AddSymbolOptions(CLI::App& app, SymbolizerOptions& symbols);

// -o FILE
void AddOutputOption(CLI::App& app, std::string& output);

// Mean bytes between samples. Accepts what the library accepts, and stores it in the form that the
// library reads.
CLI::Option* AddIntervalOption(CLI::App& app, std::string& interval, const std::string& help);

// One directory, or a list of them; each must exist.
template <typename Value>
CLI::Option* AddDirectoryOption(CLI::App& app, const std::string& name, Value& directory,
                                const std::string& help) {
  // Without a description: CLI11 would show "DIR:DIR".
  return app.add_option(name, directory, help)
      ->type_name("DIR")
      ->check(CLI::Validator(CLI::ExistingDirectory).description(""));
}

// A size such as 64KiB; what is none is refused while the options are parsed.
CLI::Option* AddSizeOption(CLI::App& app, const std::string& name, std::optional<uint64_t>& bytes,
                           const std::string& help);

// A whole number. Why a check: CLI11 takes "-1" for a very large number.
template <typename Number>
CLI::Option* AddNumberOption(CLI::App& app, const std::string& name, Number& number,
                             const std::string& help) {
  const auto check = [](const std::string& text) -> std::string {
    const bool whole = !text.empty() && text.find_first_not_of("0123456789") == std::string::npos;
    return whole ? "" : "'" + text + "' is not a whole number";
  };
  return app.add_option(name, number, help)->type_name("N")->check(CLI::Validator(check, ""));
}

// An option whose values are the names of a table, the first of which is the default. The command
// gets the entry, so that it compares no names.
template <typename Entry>
CLI::Option* AddChoice(CLI::App& app, const std::string& name, const Entry*& chosen,
                       std::span<const Entry> table, const std::string& help) {
  chosen = &table.front();
  std::vector<std::string> names;
  for (const Entry& entry : table) names.emplace_back(entry.name);
  const auto choose = [&chosen, table](const std::string& text) {
    chosen = &*std::ranges::find(table, text, &Entry::name);
  };
  return app.add_option_function<std::string>(name, choose, help)->check(CLI::IsMember(names));
}

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_COMMANDS_SHARED_OPTIONS_H_
