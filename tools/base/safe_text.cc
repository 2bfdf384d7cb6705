// SPDX-License-Identifier: Apache-2.0
#include "tools/base/safe_text.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>

namespace leaktrack {
namespace {

struct Range {
  uint32_t first, last;
};

// Characters that change what the eye sees of their neighbours: bidirectional controls, zero-width
// and invisible marks, line and paragraph separators, annotations, tags; noncharacters and private
// use carry no meaning to readers.
constexpr std::array<Range, 14> kUnsafe = {{{0x00, 0x1f},
                                            {0x7f, 0x9f},
                                            {0xad, 0xad},
                                            {0x61c, 0x61c},
                                            {0x180e, 0x180e},
                                            {0x200b, 0x200f},
                                            {0x2028, 0x202e},
                                            {0x2060, 0x206f},
                                            {0xfdd0, 0xfdef},
                                            {0xfeff, 0xfeff},
                                            {0xfff0, 0xfffb},
                                            {0xfffe, 0xffff},
                                            {0xe0000, 0xe0fff},
                                            {0xf0000, 0x10ffff}}};
constexpr std::array<Range, 6> kCombining = {{{0x300, 0x36f},
                                              {0x483, 0x489},
                                              {0x591, 0x5bd},
                                              {0x1ab0, 0x1aff},
                                              {0x20d0, 0x20ff},
                                              {0xfe00, 0xfe0f}}};
constexpr std::array<Range, 8> kWide = {{{0x1100, 0x115f},
                                         {0x2e80, 0x303e},
                                         {0x3041, 0xa4cf},
                                         {0xac00, 0xd7a3},
                                         {0xf900, 0xfaff},
                                         {0xfe30, 0xfe6f},
                                         {0xff00, 0xff60},
                                         {0x1f300, 0x3fffd}}};

template <size_t N>
bool In(const std::array<Range, N>& ranges, uint32_t code) {
  return std::any_of(ranges.begin(), ranges.end(),
                     [code](Range r) { return code >= r.first && code <= r.last; });
}

struct Character {
  uint32_t code = 0;
  size_t bytes = 0;  // 0: not UTF-8 here
};

// Strict: no overlong forms, no surrogates, nothing above U+10FFFF.
Character DecodeAt(std::string_view text, size_t at) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[at + i]); };
  const uint32_t lead = byte(0);
  if (lead < 0x80) return {lead, 1};
  const size_t bytes = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (lead < 0xc2 || lead > 0xf4 || text.size() - at < bytes) return {};
  uint32_t code = lead & (0xffu >> (bytes + 1));
  for (size_t i = 1; i < bytes; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return {};
    code = code << 6 | (byte(i) & 0x3f);
  }
  constexpr std::array<uint32_t, 5> kSmallest = {0, 0, 0x80, 0x800, 0x10000};
  if (code < kSmallest[bytes] || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) return {};
  return {code, bytes};
}

std::string Escaped(uint32_t code) {
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
  std::snprintf(text, sizeof text, code < 0x80 ? "\\x%02x" : "\\u{%x}", code);
  return text;
}

size_t Columns(uint32_t code) { return In(kCombining, code) ? 0 : In(kWide, code) ? 2 : 1; }

// Where the first characters that together take at most `columns` end.
size_t PrefixEnd(std::string_view text, size_t columns) {
  size_t at = 0;
  for (size_t used = 0; at < text.size();) {
    const Character c = DecodeAt(text, at);
    used += c.bytes == 0 ? 1 : Columns(c.code);
    if (used > columns) break;
    at += std::max<size_t>(c.bytes, 1);
  }
  return at;
}

}  // namespace

std::string SafeText(std::string_view text) {
  std::string safe;
  safe.reserve(text.size());
  for (size_t at = 0; at < text.size();) {
    const Character c = DecodeAt(text, at);
    if (c.bytes == 0) {
      char hex[8];
      std::snprintf(hex, sizeof hex, "\\x%02x", static_cast<unsigned char>(text[at]));
      safe += hex;
    } else if (In(kUnsafe, c.code)) {
      safe += Escaped(c.code);
    } else {
      safe += text.substr(at, c.bytes);
    }
    at += std::max<size_t>(c.bytes, 1);
  }
  return safe;
}

size_t DisplayColumns(std::string_view text) {
  size_t columns = 0;
  for (size_t at = 0; at < text.size();) {
    const Character c = DecodeAt(text, at);
    columns += c.bytes == 0 ? 1 : Columns(c.code);
    at += std::max<size_t>(c.bytes, 1);
  }
  return columns;
}

std::string ShortenMiddle(std::string_view text, size_t columns) {
  const size_t width = DisplayColumns(text);
  if (width <= columns) return std::string(text);
  if (columns < 4) return std::string(text.substr(0, PrefixEnd(text, columns)));
  const size_t tail =
      (columns - 3) * 2 / 3;  // the end of a path or name says more than its beginning
  size_t tail_at = PrefixEnd(text, width - tail);
  if (DisplayColumns(text.substr(tail_at)) > tail)
    tail_at += std::max<size_t>(DecodeAt(text, tail_at).bytes, 1);
  return std::string(text.substr(0, PrefixEnd(text, columns - 3 - tail))) + "..." +
         std::string(text.substr(tail_at));
}

}  // namespace leaktrack
