// SPDX-License-Identifier: Apache-2.0
#include "tools/report/words/process_name.h"

#include <string_view>

#include "tools/base/safe_text.h"
#include "tools/compare/process_role.h"

namespace leaktrack {

std::string ProcessName(const capture::ProcessInfo& process) {
  const std::string title = TitleOf(process.command);
  if (!title.empty()) return SafeText(title);
  return process.program.empty() ? "a program without a name" : SafeText(process.program);
}

std::string CommandText(const capture::ProcessInfo& process) {
  constexpr std::string_view kEmpty = "''";
  std::string command = process.command;
  size_t empty = 0;
  for (; command.ends_with(kEmpty); ++empty) {
    command.resize(command.size() - kEmpty.size());
    if (command.ends_with(' ')) command.pop_back();
  }
  if (command.empty()) return ProcessName(process);
  return SafeText(empty > 1 ? command : process.command);  // one may be an argument
}

}  // namespace leaktrack
