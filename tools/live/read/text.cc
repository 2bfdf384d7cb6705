// SPDX-License-Identifier: Apache-2.0
#include "tools/live/read/text.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>

#include "tools/live/model/readings.h"

namespace leaktrack::live {
namespace {

constexpr int64_t kAsGoodAsNone = int64_t{1} << 60;

}  // namespace

std::optional<std::string> ReadSmall(const std::string& path, size_t most) {
  const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (file < 0) return std::nullopt;
  std::string text;
  char buffer[4096];
  bool failed = false;
  while (text.size() < most) {
    const ssize_t bytes = read(file, buffer, std::min(sizeof(buffer), most - text.size()));
    failed = bytes < 0;
    if (bytes <= 0) break;
    text.append(buffer, static_cast<size_t>(bytes));
  }
  close(file);
  if (failed && text.empty()) return std::nullopt;
  return text;
}

int64_t NumberIn(std::string_view text) {
  const size_t first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return kUnknown;
  int64_t number = kUnknown;
  const auto result = std::from_chars(text.data() + first, text.data() + text.size(), number);
  return result.ec == std::errc() && number >= 0 ? number : kUnknown;
}

int64_t ReadNumber(const std::string& path) {
  const std::optional<std::string> text = ReadSmall(path);
  return text ? NumberIn(*text) : kUnknown;
}

int64_t ReadLimit(const std::string& path) {
  const int64_t limit = ReadNumber(path);
  return limit < 0 || limit >= kAsGoodAsNone ? kNoLimit : limit;
}

int64_t FieldIn(std::string_view text, std::string_view key) {
  int64_t number = kUnknown;
  ForEachLine(text, [&](std::string_view line) {
    if (number >= 0 || !line.starts_with(key) || line.size() <= key.size()) return;
    const char next = line[key.size()];
    if (next == ':' || next == ' ' || next == '\t') number = NumberIn(line.substr(key.size() + 1));
  });
  return number;
}

}  // namespace leaktrack::live
