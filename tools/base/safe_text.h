// SPDX-License-Identifier: Apache-2.0
//
// Makes text that somebody else chose safe to print.
//
// Names in a capture (paths, functions, command lines) come from the tracked program, which may be
// hostile: an escape sequence in a file name can retitle, recolour or reprogram the reader's
// terminal.
// Promises: the result is valid UTF-8, without C0 and C1 control characters, DEL, line breaks, and
// invisible characters that reorder or hide text (bidirectional overrides, zero-width marks).
// Ordinary text in any script stays unchanged. Replaced characters stay readable: "\x1b", "\n",
// "\u{202e}". Bytes that are not UTF-8 become "\xff".
// Limits: not reversible, because a backslash in the text stays as it is. HTML and JSON need their
// own escaping on top.
#ifndef LEAKTRACK_TOOLS_BASE_SAFE_TEXT_H_
#define LEAKTRACK_TOOLS_BASE_SAFE_TEXT_H_

#include <cstddef>
#include <string>
#include <string_view>

namespace leaktrack {

std::string SafeText(std::string_view text);

// Columns that a (safe) text takes on a terminal. A wide East Asian character counts twice, a
// combining mark not at all.
size_t DisplayColumns(std::string_view text);

// Shortens to at most `columns`, at a character, with "..." in the middle: both ends of a path or
// template name distinguish it. Below 4 columns there are no dots.
std::string ShortenMiddle(std::string_view text, size_t columns);

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_BASE_SAFE_TEXT_H_
