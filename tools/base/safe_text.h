// SPDX-License-Identifier: Apache-2.0
//
// Makes text that somebody else chose safe to print.
//
// Names in a capture (paths, functions, command lines) come from the tracked program, which may be
// hostile: an escape sequence in a file name can retitle, recolour or reprogram the reader's
// terminal.
// Promises: the result is valid UTF-8, holds no C0 or C1 control character, no DEL, no line break,
// and none of the invisible characters that reorder or hide text (bidirectional overrides,
// zero-width marks); ordinary text in any script comes back unchanged. What is replaced stays
// readable: "\x1b", "\n", "\u{202e}"; bytes that are not UTF-8 become "\xff". Not reversible: a
// backslash that was there stays as it is.
// Limit: HTML and JSON need their own escaping on top.
#ifndef LEAKTRACK_TOOLS_BASE_SAFE_TEXT_H_
#define LEAKTRACK_TOOLS_BASE_SAFE_TEXT_H_

#include <cstddef>
#include <string>
#include <string_view>

namespace leaktrack {

std::string SafeText(std::string_view text);

// Columns a (safe) text takes on a terminal: code points, wide East Asian ones twice, combining
// marks none.
size_t DisplayColumns(std::string_view text);

// At most `columns` wide, cut at a character, "..." in the middle where it was cut: paths and
// template names are told apart by both ends. `columns` below 4 cuts without dots.
std::string ShortenMiddle(std::string_view text, size_t columns);

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_BASE_SAFE_TEXT_H_
