// SPDX-License-Identifier: Apache-2.0
//
// On a real (pseudo) terminal of the test's own, and without a terminal.
#include "tools/base/progress.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <functional>

namespace leaktrack {
namespace {

using namespace std::chrono_literals;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;

// What a child wrote to its controlling terminal. Only on a controlling terminal is a process in
// the foreground.
std::string AtATerminal(const std::function<void(int fd)>& child, unsigned short columns = 80) {
  const int master = posix_openpt(O_RDWR | O_NOCTTY);
  if (master < 0 || unlockpt(master) != 0) return "";
  const winsize size{.ws_row = 24, .ws_col = columns, .ws_xpixel = 0, .ws_ypixel = 0};
  ioctl(master, TIOCSWINSZ, &size);
  const std::string name = ptsname(master);
  const pid_t pid = fork();
  if (pid == 0) {
    setsid();
    const int fd = open(name.c_str(), O_RDWR);
    if (fd < 0) _exit(1);
    child(fd);
    if (write(fd, "END", 3) != 3) _exit(2);
    tcdrain(fd);
    _exit(0);
  }
  std::string seen;
  pollfd ready{master, POLLIN, 0};
  while (seen.find("END") == std::string::npos && poll(&ready, 1, 10'000) > 0) {
    char buffer[4096];
    const ssize_t got = read(master, buffer, sizeof(buffer));
    if (got <= 0) break;
    seen.append(buffer, static_cast<size_t>(got));
  }
  int status = 1;
  waitpid(pid, &status, 0);
  EXPECT_EQ(status, 0);
  close(master);
  return seen;
}

class ProgressTest : public ::testing::Test {
 protected:
  void SetUp() override { setenv("TERM", "xterm", 1); }
};

TEST_F(ProgressTest, SaysWhatTakesSoLongAndLeavesNothing) {
  const std::string seen = AtATerminal([](int fd) {
    Progress progress("reading captures", fd, 10ms);
    progress.Step(312, 10'000);
    std::this_thread::sleep_for(600ms);
  });
  EXPECT_THAT(seen, HasSubstr("\r\x1b[Kreading captures: 312 of 10,000, "));
  EXPECT_THAT(seen, EndsWith("\r\x1b[KEND"));
  EXPECT_THAT(seen, Not(HasSubstr("\n")));
}

TEST_F(ProgressTest, OneThingIsNotCounted) {
  const std::string seen = AtATerminal([](int fd) {
    Progress progress("reading a.ltk", fd, 10ms);
    progress.Step(1, 1);
    std::this_thread::sleep_for(100ms);
  });
  EXPECT_THAT(seen, HasSubstr("reading a.ltk, "));
}

TEST_F(ProgressTest, WhatIsOverAtOnceIsNotSpokenOf) {
  const auto start = std::chrono::steady_clock::now();
  // And nobody waits for it.
  EXPECT_EQ(AtATerminal([](int fd) { Progress("reading captures", fd).Step(1, 2); }), "END");
  EXPECT_LT(std::chrono::steady_clock::now() - start, 900ms);
}

TEST_F(ProgressTest, ADumbTerminalCannotEraseAndIsSpared) {
  setenv("TERM", "dumb", 1);
  EXPECT_EQ(AtATerminal([](int fd) {
              Progress progress("reading captures", fd, 1ms);
              std::this_thread::sleep_for(50ms);
            }),
            "END");
}

TEST_F(ProgressTest, AJobInTheBackgroundIsQuietAndNotStopped) {
  EXPECT_EQ(AtATerminal([](int fd) {
              const pid_t job = fork();
              if (job == 0) {
                setpgid(0, 0);
                {
                  Progress progress("reading captures", fd, 1ms);
                  std::this_thread::sleep_for(50ms);
                }
                _exit(0);
              }
              waitpid(job, nullptr, 0);
            }),
            "END");
}

TEST_F(ProgressTest, AHostileNameInANarrowTerminalIsOneShortLine) {
  const std::string seen = AtATerminal(
      [](int fd) {
        Progress progress("reading \x1b]0;title\x07\n" + std::string(500, 'x'), fd, 10ms);
        std::this_thread::sleep_for(100ms);
      },
      40);
  EXPECT_THAT(seen, Not(HasSubstr("\x1b]")));
  EXPECT_THAT(seen, Not(HasSubstr("\n")));
  EXPECT_LE(seen.size(), 2 * 50u);
}

TEST_F(ProgressTest, AFileHearsNothing) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  {
    Progress progress("reading captures", ends[1], 1ms);
    std::this_thread::sleep_for(30ms);
  }
  pollfd ready{ends[0], POLLIN, 0};
  EXPECT_EQ(poll(&ready, 1, 0), 0);
  close(ends[0]);
  close(ends[1]);
}

}  // namespace
}  // namespace leaktrack
