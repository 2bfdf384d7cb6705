// SPDX-License-Identifier: Apache-2.0
#include "tools/live/http/message.h"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <optional>

namespace leaktrack::live {
namespace {

constexpr size_t kMostParameters = 32;

std::optional<std::string> Decode(std::string_view text, bool in_query) {
  std::string plain;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+' && in_query) {
      plain += ' ';
    } else if (text[i] != '%') {
      plain += text[i];
    } else {
      unsigned value = 0;
      if (i + 2 >= text.size()) return std::nullopt;
      const auto result = std::from_chars(text.data() + i + 1, text.data() + i + 3, value, 16);
      if (result.ptr != text.data() + i + 3) return std::nullopt;
      plain += static_cast<char>(value);
      i += 2;
    }
  }
  return plain;
}

}  // namespace

bool ParseTarget(std::string_view target, Request& request) {
  if (!target.starts_with('/')) return false;
  const size_t mark = std::min(target.find('?'), target.size());
  const std::optional<std::string> path = Decode(target.substr(0, mark), false);
  if (!path) return false;
  request.path = *path;
  std::string_view rest = target.substr(std::min(mark + 1, target.size()));
  while (!rest.empty()) {
    const std::string_view pair = rest.substr(0, rest.find('&'));
    rest.remove_prefix(std::min(pair.size() + 1, rest.size()));
    const size_t equals = std::min(pair.find('='), pair.size());
    const std::optional<std::string> name = Decode(pair.substr(0, equals), true);
    const std::optional<std::string> value =
        Decode(pair.substr(std::min(equals + 1, pair.size())), true);
    if (!name || !value || request.query.size() >= kMostParameters) return false;
    request.query[*name] = *value;
  }
  return true;
}

}  // namespace leaktrack::live
