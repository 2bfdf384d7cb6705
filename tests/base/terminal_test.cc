// SPDX-License-Identifier: Apache-2.0
#include "tools/base/terminal.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <initializer_list>

namespace leaktrack {
namespace {

// A (pseudo) terminal and a file like a pipe, with an environment that sets nothing.
class TerminalTest : public testing::Test {
 protected:
  void SetUp() override {
    for (const char* name : {"NO_COLOR", "CLICOLOR_FORCE", "COLUMNS"}) unsetenv(name);
    setenv("TERM", "xterm", 1);
    master_ = posix_openpt(O_RDWR | O_NOCTTY);
    ASSERT_GE(master_, 0);
    ASSERT_EQ(unlockpt(master_), 0);
    terminal_ = open(ptsname(master_), O_RDWR | O_NOCTTY);
    if (terminal_ < 0) GTEST_SKIP() << "no pseudo terminals here";
    file_ = open("/dev/null", O_RDWR);
  }
  void TearDown() override {
    for (const int fd : {terminal_, master_, file_}) close(fd);
  }
  void SetColumns(unsigned short columns) {
    const winsize size{.ws_row = 24, .ws_col = columns, .ws_xpixel = 0, .ws_ypixel = 0};
    ASSERT_EQ(ioctl(master_, TIOCSWINSZ, &size), 0);
  }
  int master_ = -1, terminal_ = -1, file_ = -1;
};

TEST_F(TerminalTest, WidthIsThatOfTheTerminalWithinReason) {
  SetColumns(132);
  EXPECT_EQ(TerminalColumns(terminal_), 132);
  SetColumns(3);
  EXPECT_EQ(TerminalColumns(terminal_), 40);
}

TEST_F(TerminalTest, WidthWithoutATerminalIsColumnsOrTheDefault) {
  EXPECT_EQ(TerminalColumns(file_), kDefaultColumns);
  EXPECT_EQ(TerminalColumns(file_, 80), 80);
  setenv("COLUMNS", "77", 1);
  EXPECT_EQ(TerminalColumns(file_), 77);
  SetColumns(0);
  EXPECT_EQ(TerminalColumns(terminal_), 77);
  setenv("COLUMNS", "wide", 1);
  EXPECT_EQ(TerminalColumns(file_), kDefaultColumns);
  EXPECT_EQ(TerminalColumns(-1), kDefaultColumns);
}

TEST_F(TerminalTest, ColourGoesToTerminalsOnly) {
  EXPECT_TRUE(WantColour(terminal_));
  EXPECT_FALSE(WantColour(file_));
  setenv("TERM", "dumb", 1);
  EXPECT_FALSE(WantColour(terminal_));
}

TEST_F(TerminalTest, TheUsersChoiceWinsThenNoColorThenForce) {
  setenv("CLICOLOR_FORCE", "1", 1);
  EXPECT_TRUE(WantColour(file_));
  setenv("NO_COLOR", "1", 1);
  EXPECT_FALSE(WantColour(file_));
  EXPECT_FALSE(WantColour(terminal_));
  EXPECT_TRUE(WantColour(file_, ColourChoice::kAlways));
  EXPECT_FALSE(WantColour(terminal_, ColourChoice::kNever));
}

}  // namespace
}  // namespace leaktrack
