// SPDX-License-Identifier: Apache-2.0
//
// Small files of the kernel, read whole into bounded memory.
//
// Promises: never more than `most` bytes, never from anything that could block: only what the
// kernel makes. A file that cannot be read is empty.
#ifndef LEAKTRACK_TOOLS_LIVE_READ_TEXT_H_
#define LEAKTRACK_TOOLS_LIVE_READ_TEXT_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace leaktrack::live {

inline constexpr size_t kSmallFile = 64 << 10;

std::optional<std::string> ReadSmall(const std::string& path, size_t most = kSmallFile);

// Its first number; kUnknown: none. "max" and what is as large as no machine is kNoLimit.
int64_t NumberIn(std::string_view text);
int64_t ReadNumber(const std::string& path);
int64_t ReadLimit(const std::string& path);

// The number behind "key " or "key:" at the start of a line; kUnknown: none.
int64_t FieldIn(std::string_view text, std::string_view key);

// Calls `each` with every line.
template <typename Each>
void ForEachLine(std::string_view text, const Each& each) {
  while (!text.empty()) {
    const size_t end = text.find('\n');
    each(text.substr(0, end));
    if (end == std::string_view::npos) return;
    text.remove_prefix(end + 1);
  }
}

}  // namespace leaktrack::live

#endif  // LEAKTRACK_TOOLS_LIVE_READ_TEXT_H_
