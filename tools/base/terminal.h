// SPDX-License-Identifier: Apache-2.0
//
// The width of the output, and whether it can show colours.
//
// Promises: never writes, never changes terminal modes, and always has an answer, even without a
// terminal. Colour follows the common conventions. The first match wins: the user's choice,
// NO_COLOR (https://no-color.org), CLICOLOR_FORCE, then whether it is a terminal that is not
// "dumb".
#ifndef LEAKTRACK_TOOLS_BASE_TERMINAL_H_
#define LEAKTRACK_TOOLS_BASE_TERMINAL_H_

namespace leaktrack {

// The default: logs and pipes have room for more than the 80 columns of a terminal.
inline constexpr int kDefaultColumns = 100;

enum class ColourChoice { kAuto, kAlways, kNever };

// Columns of the terminal at `fd`, else $COLUMNS, else `otherwise`. Between 40 and 1000.
int TerminalColumns(int fd, int otherwise = kDefaultColumns);

// Whether escape sequences for colour should be written to `fd`.
bool WantColour(int fd, ColourChoice choice = ColourChoice::kAuto);

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_BASE_TERMINAL_H_
