// SPDX-License-Identifier: Apache-2.0
//
// A program is run and waited for as a shell would.
#include "tools/commands/child.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include <atomic>
#include <thread>

#include "tests/commands/command_fixture.h"

namespace leaktrack {
namespace {

using ChildTest = testing::CommandTest;

ChildEnd Shell(const std::string& script) { return RunChild("/bin/sh", {"sh", "-c", script}); }

TEST_F(ChildTest, TheExitStatusIsThatOfTheProgram) {
  EXPECT_EQ(Shell("exit 0").ExitCode(), 0);
  EXPECT_EQ(Shell("exit 9").ExitCode(), 9);
  EXPECT_EQ(Shell("kill -TERM $$").ExitCode(), 128 + SIGTERM);
  EXPECT_EQ(Shell("kill -KILL $$").ExitCode(), 128 + SIGKILL);
}

TEST_F(ChildTest, ArgumentsArriveAsTheyAre) {
  const std::vector<std::string> arguments{
      "named otherwise", "-c", "test \"$1\" = 'a  b' -a $# = 2", "zero", "a  b", ""};
  EXPECT_EQ(RunChild("/bin/sh", arguments).ExitCode(), 0);
}

TEST_F(ChildTest, AProgramThatCannotBeRunIs126OrOneThatIsGone127) {
  testing::Write(Path("plain"), "text");
  EXPECT_EQ(RunChild(Path("none"), {"none"}).ExitCode(), 127);
  EXPECT_EQ(RunChild(Path("plain"), {"plain"}).ExitCode(), 126);
}

TEST_F(ChildTest, TheLastProgramOfTheProcessIsKnown) {
  EXPECT_EQ(Shell("exit 0").last_name, "sh");
  EXPECT_EQ(Shell("exec sleep 0").last_name, "sleep");
}

TEST_F(ChildTest, TheProgramGetsTheDispositionsThatWeWereStartedWith) {
  signal(SIGINT, SIG_DFL);  // a test in the background was started without
  // Were SIGINT ignored in the child, as it is here while it runs, it would live on.
  EXPECT_EQ(Shell("kill -INT $$; exit 1").ExitCode(), 128 + SIGINT);
  signal(SIGHUP, SIG_IGN);  // as nohup does
  EXPECT_EQ(Shell("kill -HUP $$; exit 5").ExitCode(), 5);
}

TEST_F(ChildTest, SigtermIsPassedOn) {
  std::atomic<bool> is_over = false;
  const pthread_t self = pthread_self();
  std::thread sender([&] {
    while (!is_over && access(Path("ready").c_str(), F_OK) != 0) usleep(1000);
    if (!is_over) pthread_kill(self, SIGTERM);
  });
  const ChildEnd end =
      Shell("trap 'exit 42' TERM; : > " + Path("ready") + "; while :; do sleep 0.01; done");
  is_over = true;
  sender.join();
  EXPECT_EQ(end.ExitCode(), 42);
}

TEST_F(ChildTest, WhereNoProcessCanBeHadThereIsNoneAndTheReasonIsKnown) {
  if (geteuid() == 0) GTEST_SKIP() << "root has no limit on processes";
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_NPROC, &before), 0);
  const rlimit none{0, before.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_NPROC, &none), 0);
  const ChildEnd end = Shell("exit 0");
  setrlimit(RLIMIT_NPROC, &before);
  EXPECT_EQ(end.pid, -1);
  EXPECT_EQ(end.error, EAGAIN);
}

}  // namespace
}  // namespace leaktrack
