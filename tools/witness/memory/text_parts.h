// SPDX-License-Identifier: Apache-2.0
//
// Parts of the texts of /proc, as views into them.
#ifndef LEAKTRACK_TOOLS_WITNESS_MEMORY_TEXT_PARTS_H_
#define LEAKTRACK_TOOLS_WITNESS_MEMORY_TEXT_PARTS_H_

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <string_view>
#include <system_error>
#include <vector>

namespace leaktrack::witness {

inline std::string_view Trim(std::string_view text) {
  const size_t start = text.find_first_not_of(" \t\n");
  if (start == std::string_view::npos) return {};
  return text.substr(start, text.find_last_not_of(" \t\n") - start + 1);
}

// What stands between the `sign`s, nothing left out but the empty.
inline std::vector<std::string_view> Parts(std::string_view text, char sign) {
  std::vector<std::string_view> parts;
  while (!text.empty()) {
    const size_t end = std::min(text.find(sign), text.size());
    if (end > 0) parts.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return parts;
}

// "0x1f", "1f"; false: it is no such number.
inline bool TakeHex(std::string_view text, uint64_t& value) {
  text = Trim(text);
  if (text.starts_with("0x")) text.remove_prefix(2);
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, 16);
  return error == std::errc() && !text.empty() && end == text.data() + text.size();
}

}  // namespace leaktrack::witness

#endif  // LEAKTRACK_TOOLS_WITNESS_MEMORY_TEXT_PARTS_H_
