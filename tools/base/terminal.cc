// SPDX-License-Identifier: Apache-2.0
#include "tools/base/terminal.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <string>
#include <string_view>

namespace leaktrack {
namespace {

std::string_view Environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string_view() : std::string_view(value);
}

}  // namespace

int TerminalColumns(int fd, int otherwise) {
  winsize size{};
  int columns = 0;
  if (ioctl(fd, TIOCGWINSZ, &size) == 0) columns = size.ws_col;
  // A terminal of 0 columns was never told its size (docker exec, expect). $COLUMNS may know.
  if (columns == 0) columns = std::atoi(std::string(Environment("COLUMNS")).c_str());
  return columns <= 0 ? otherwise : std::clamp(columns, 40, 1000);
}

bool WantColour(int fd, ColourChoice choice) {
  if (choice != ColourChoice::kAuto) return choice == ColourChoice::kAlways;
  if (!Environment("NO_COLOR").empty()) return false;
  if (const std::string_view force = Environment("CLICOLOR_FORCE"); !force.empty() && force != "0")
    return true;
  return isatty(fd) == 1 && !Environment("TERM").empty() && Environment("TERM") != "dumb";
}

}  // namespace leaktrack
