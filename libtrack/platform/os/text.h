// SPDX-License-Identifier: Apache-2.0
//
// Cuts texts, and builds short ones in fixed buffers, where the library names files or prints a
// line.
//
// Promises: the text is always terminated and never overruns the buffer. What does not fit is cut,
// and `cut()` says so.
//
// Thread-safety: none.
// Allocates: never.
// Signals: safe.
// Fork: safe.
#ifndef LEAKTRACK_LIBTRACK_PLATFORM_OS_TEXT_H_
#define LEAKTRACK_LIBTRACK_PLATFORM_OS_TEXT_H_

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "libtrack/capture/dcheck.h"

namespace leaktrack::track {

// Why not string_view::substr, starts_with and ends_with: they can throw, and this library links
// libc alone.
inline std::string_view From(std::string_view text, size_t start) {
  return start >= text.size() ? std::string_view{}
                              : std::string_view(text.data() + start, text.size() - start);
}
inline std::string_view AtMost(std::string_view text, size_t size) {
  return {text.data(), text.size() < size ? text.size() : size};
}
inline bool StartsWith(std::string_view text, std::string_view start) {
  return AtMost(text, start.size()) == start;
}
inline bool EndsWith(std::string_view text, std::string_view end) {
  return text.size() >= end.size() && From(text, text.size() - end.size()) == end;
}

class Text {
 public:
  Text(char* buffer, size_t capacity) : buffer_(buffer), capacity_(capacity) {
    LEAKTRACK_DCHECK(capacity != 0);
    buffer_[0] = 0;
  }
  template <size_t N>
  explicit Text(char (&buffer)[N]) : Text(buffer, N) {}

  Text& Add(std::string_view text) {
    for (const char c : text) AddChar(c);
    return *this;
  }
  Text& AddChar(char c) {
    if (size_ + 1 >= capacity_) {
      cut_ = true;
    } else {
      buffer_[size_++] = c;
      buffer_[size_] = 0;
    }
    return *this;
  }
  // Adds a text from outside, for a terminal. Control characters, and characters that reorder or
  // hide text, become '?'.
  Text& AddSafely(std::string_view text) {
    for (size_t i = 0; i < text.size(); ++i) {
      const size_t hidden = HiddenBytes(From(text, i));
      AddChar(hidden == 0 ? text[i] : '?');
      if (hidden > 1) i += hidden - 1;
    }
    return *this;
  }
  Text& AddNumber(uint64_t value) {
    char digits[20];
    int count = 0;
    do digits[count++] = static_cast<char>('0' + value % 10);
    while (value /= 10);
    while (count > 0) AddChar(digits[--count]);
    return *this;
  }
  Text& AddHex16(uint64_t value) {
    for (int shift = 60; shift >= 0; shift -= 4) AddChar("0123456789abcdef"[(value >> shift) & 15]);
    return *this;
  }

  std::string_view view() const { return {buffer_, size_}; }
  const char* c_str() const { return buffer_; }
  bool cut() const { return cut_; }

 private:
  // The number of bytes at the start that must not be shown: C0 and DEL; in UTF-8 also C1, and all
  // of U+2000 to U+207F (more than necessary).
  static size_t HiddenBytes(std::string_view text) {
    const auto byte = [text](size_t i) {
      return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u;
    };
    if (byte(0) < 0x20 || byte(0) == 0x7f) return 1;
    if (byte(0) == 0xc2 && byte(1) < 0xa0) return 2;
    return byte(0) == 0xe2 && (byte(1) == 0x80 || byte(1) == 0x81) ? 3 : 0;
  }

  char* buffer_;
  size_t capacity_;
  size_t size_ = 0;
  bool cut_ = false;
};

}  // namespace leaktrack::track

#endif  // LEAKTRACK_LIBTRACK_PLATFORM_OS_TEXT_H_
