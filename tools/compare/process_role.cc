// SPDX-License-Identifier: Apache-2.0
#include "tools/compare/process_role.h"

#include <algorithm>

namespace leaktrack {
namespace {

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

std::string WithoutNumbers(const std::string& text) {
  std::string result;
  for (const char c : text) {
    if (!IsDigit(c))
      result += c;
    else if (!result.ends_with('N'))
      result += 'N';
  }
  return result;
}

}  // namespace

std::string TitleOf(const std::string& command) {
  std::string title = command;
  // Before format 1.3, captures have the title in quotes, followed by the rest of its room.
  if (title.starts_with('\'')) title = title.substr(1, title.find('\'', 1) - 1);
  const size_t first_word = std::min(title.find(' '), title.size());
  const bool is_title = first_word > 1 && first_word < title.size() && title[first_word - 1] == ':';
  return is_title ? title : "";
}

std::string RoleOf(const capture::ProcessInfo& process) {
  const std::string title = TitleOf(process.command);
  if (!title.empty()) return WithoutNumbers(title);
  return process.program + (process.parent_run_id != 0 ? " (forked)" : "");
}

}  // namespace leaktrack
