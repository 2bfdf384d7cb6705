// SPDX-License-Identifier: Apache-2.0
#include "tools/base/safe_text.h"

#include <utf8proc.h>

#include <cstdint>
#include <cstdio>

namespace leaktrack {
namespace {

struct Character {
  int32_t code = 0;
  size_t bytes = 1;
  bool is_utf8 = false;  // false: one byte that is not UTF-8 here
};

Character DecodeAt(std::string_view text, size_t at) {
  Character character;
  const utf8proc_ssize_t bytes =
      utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t*>(text.data() + at),
                       static_cast<utf8proc_ssize_t>(text.size() - at), &character.code);
  character.is_utf8 = bytes > 0;
  if (character.is_utf8) character.bytes = static_cast<size_t>(bytes);
  return character;
}

// Control characters, and characters that change how their neighbours look: bidirectional and
// invisible marks, line and paragraph separators, tags. Also noncharacters and private use, which
// mean nothing to readers.
bool IsUnsafe(int32_t code) {
  constexpr int32_t kTagsAndBeyond = 0xe0000;
  constexpr uint32_t kUnsafeCategories = 1u << UTF8PROC_CATEGORY_CC | 1u << UTF8PROC_CATEGORY_CF |
                                         1u << UTF8PROC_CATEGORY_CO | 1u << UTF8PROC_CATEGORY_ZL |
                                         1u << UTF8PROC_CATEGORY_ZP;
  if (code >= kTagsAndBeyond || (code & 0xfffe) == 0xfffe || (code >= 0xfdd0 && code <= 0xfdef))
    return true;
  return (kUnsafeCategories >> utf8proc_category(code) & 1) != 0;
}

std::string Escaped(int32_t code) {
  switch (code) {
    case '\n':
      return "\\n";
    case '\r':
      return "\\r";
    case '\t':
      return "\\t";
    default:
      break;
  }
  char text[16];
  std::snprintf(text, sizeof text, code < 0x80 ? "\\x%02x" : "\\u{%x}",
                static_cast<unsigned>(code));
  return text;
}

size_t Columns(const Character& character) {
  return character.is_utf8 ? static_cast<size_t>(utf8proc_charwidth(character.code)) : 1;
}

// End of the first characters that take at most `columns` together.
size_t PrefixEnd(std::string_view text, size_t columns) {
  size_t at = 0;
  for (size_t used = 0; at < text.size();) {
    const Character c = DecodeAt(text, at);
    used += Columns(c);
    if (used > columns) break;
    at += c.bytes;
  }
  return at;
}

}  // namespace

std::string SafeText(std::string_view text) {
  std::string safe;
  safe.reserve(text.size());
  for (size_t at = 0; at < text.size();) {
    const Character c = DecodeAt(text, at);
    if (!c.is_utf8) {
      char hex[8];
      std::snprintf(hex, sizeof hex, "\\x%02x", static_cast<unsigned char>(text[at]));
      safe += hex;
    } else if (IsUnsafe(c.code)) {
      safe += Escaped(c.code);
    } else {
      safe += text.substr(at, c.bytes);
    }
    at += c.bytes;
  }
  return safe;
}

size_t DisplayColumns(std::string_view text) {
  size_t columns = 0;
  for (size_t at = 0; at < text.size();) {
    const Character c = DecodeAt(text, at);
    columns += Columns(c);
    at += c.bytes;
  }
  return columns;
}

std::string ShortenMiddle(std::string_view text, size_t columns) {
  const size_t width = DisplayColumns(text);
  if (width <= columns) return std::string(text);
  if (columns < 4) return std::string(text.substr(0, PrefixEnd(text, columns)));
  // The end of a path or name says more than its beginning.
  const size_t tail = (columns - 3) * 2 / 3;
  size_t tail_at = PrefixEnd(text, width - tail);
  if (DisplayColumns(text.substr(tail_at)) > tail) tail_at += DecodeAt(text, tail_at).bytes;
  return std::string(text.substr(0, PrefixEnd(text, columns - 3 - tail))) + "..." +
         std::string(text.substr(tail_at));
}

}  // namespace leaktrack
