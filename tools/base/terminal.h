// SPDX-License-Identifier: Apache-2.0
//
// What the output can show: how wide it is, and whether colours would arrive.
//
// Promises: never writes, never changes terminal modes; an answer even where there is no terminal.
// Colour follows the common conventions, first match wins: the user's choice, NO_COLOR
// (https://no-color.org), CLICOLOR_FORCE, then whether it is a terminal that is not "dumb".
#ifndef LEAKTRACK_TOOLS_BASE_TERMINAL_H_
#define LEAKTRACK_TOOLS_BASE_TERMINAL_H_

namespace leaktrack {

// Where nobody says: logs and pipes have room for more than a terminal of 80 columns.
inline constexpr int kDefaultColumns = 100;

enum class ColourChoice { kAuto, kAlways, kNever };

// Columns of the terminal at `fd`; else of $COLUMNS; else `otherwise`. Between 40 and 1000.
int TerminalColumns(int fd, int otherwise = kDefaultColumns);

// True when escape sequences for colour should be written to `fd`.
bool WantColour(int fd, ColourChoice choice = ColourChoice::kAuto);

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_BASE_TERMINAL_H_
