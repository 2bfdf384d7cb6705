// SPDX-License-Identifier: Apache-2.0
//
// Options that several commands have, each described once.
#ifndef LEAKTRACK_TOOLS_COMMANDS_SHARED_OPTIONS_H_
#define LEAKTRACK_TOOLS_COMMANDS_SHARED_OPTIONS_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "tools/commands/option_list.h"
#include "tools/symbolize/symbolizer.h"

namespace leaktrack {

// Where names of functions and lines come from.
void AddSymbolOptions(OptionList& list, SymbolizerOptions& symbols);

// -o FILE
void AddOutputOption(OptionList& list, std::string& output);

// Mean bytes between samples. Accepts what the library accepts, and stores it in the form that the
// library reads.
OptionEntry AddIntervalOption(OptionList& list, std::string& interval, const std::string& help);

// One directory, or a list of them; each must exist.
template <typename Value>
OptionEntry AddDirectoryOption(OptionList& list, const std::string& name, Value& directory,
                               const std::string& help) {
  return list.Add(name, directory, help).Type("DIR").ExistingDirectory();
}

// A size such as 64KiB; what is none is refused while the options are parsed.
OptionEntry AddSizeOption(OptionList& list, const std::string& name, std::optional<uint64_t>& bytes,
                          const std::string& help);

// Why `text` is no whole number, or "". CLI11 alone takes "-1" for a very large number.
std::string WholeNumberProblem(const std::string& text);

template <typename Number>
OptionEntry AddNumberOption(OptionList& list, const std::string& name, Number& number,
                            const std::string& help) {
  return list.Add(name, number, help).Type("N").Check(WholeNumberProblem);
}

// An option whose values are the names of a table, the first of which is the default. The command
// gets the entry, so that it compares no names.
template <typename Entry>
OptionEntry AddChoice(OptionList& list, const std::string& name, const Entry*& chosen,
                      std::span<const Entry> table, const std::string& help) {
  chosen = &table.front();
  std::vector<std::string> names;
  for (const Entry& entry : table) names.emplace_back(entry.name);
  const auto choose = [&chosen, table](const std::string& text) -> std::string {
    chosen = &*std::ranges::find(table, text, &Entry::name);
    return "";
  };
  return list.AddRead(name, choose, help).OneOf(names);
}

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_COMMANDS_SHARED_OPTIONS_H_
