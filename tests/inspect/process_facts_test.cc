// SPDX-License-Identifier: Apache-2.0
//
// What /proc says of real processes.
#include "tools/inspect/process_facts.h"

#include <gmock/gmock.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>

#include <filesystem>

#include "tests/inspect/helper_process.h"
#include "tests/inspect/temporary_directory.h"

namespace leaktrack {
namespace {

namespace fs = std::filesystem;
using ::testing::Contains;
using ::testing::HasSubstr;
using testing::HelperProcess;

class ProcessFactsTest : public testing::TemporaryDirectoryTest {};

TEST_F(ProcessFactsTest, OfThisProcessAllIsKnown) {
  fs::current_path(directory_);
  const std::optional<ProcessFacts> facts = ReadProcessFacts(getpid());
  ASSERT_TRUE(facts);
  EXPECT_EQ(facts->pid, getpid());
  EXPECT_EQ(facts->parent, getppid());
  EXPECT_EQ(facts->uid, geteuid());
  EXPECT_EQ(facts->gid, getegid());
  EXPECT_EQ(facts->executable, fs::read_symlink("/proc/self/exe").string());
  EXPECT_TRUE(fs::equivalent(facts->file, "/proc/self/exe"));
  EXPECT_EQ(facts->root, "");
  EXPECT_EQ(facts->output, directory_);
  EXPECT_TRUE(facts->readable);
  EXPECT_FALSE(facts->secure);
  EXPECT_FALSE(facts->preload_asked);
  EXPECT_EQ(facts->seccomp, SeccompMode(getpid()));
}

TEST_F(ProcessFactsTest, MappedFilesAreListedOnce) {
  const std::optional<ProcessFacts> facts = ReadProcessFacts(getpid());
  ASSERT_TRUE(facts);
  EXPECT_THAT(facts->libraries, Contains(HasSubstr("/libc.so.6")).Times(1));
  EXPECT_THAT(facts->libraries, Contains(facts->executable).Times(1));
}

TEST_F(ProcessFactsTest, TheEnvironmentSaysWhatWasAskedFor) {
  const HelperProcess shell({"LD_PRELOAD=/no/such/libleaktrack.so", "LEAKTRACK_OUT=/captures"});
  ASSERT_TRUE(shell.is_ready());
  const std::optional<ProcessFacts> facts = ReadProcessFacts(shell.pid());
  ASSERT_TRUE(facts);
  EXPECT_TRUE(facts->preload_asked);
  EXPECT_EQ(facts->output, "/captures");
  EXPECT_EQ(facts->parent, getpid());
}

TEST_F(ProcessFactsTest, AnotherPreloadIsNotOurs) {
  const HelperProcess shell({"LD_PRELOAD=/no/such/libother.so", "NOT_LD_PRELOAD=libleaktrack.so"});
  ASSERT_TRUE(shell.is_ready());
  EXPECT_FALSE(ReadProcessFacts(shell.pid())->preload_asked);
}

TEST_F(ProcessFactsTest, ASeccompModeIsSeen) {
  const HelperProcess strict([] { prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT); });
  ASSERT_TRUE(strict.is_ready());
  EXPECT_EQ(SeccompMode(strict.pid()), 1);
  EXPECT_EQ(ReadProcessFacts(strict.pid())->seccomp, 1);
}

TEST_F(ProcessFactsTest, APathInAnotherRootIsAsTheProcessSeesIt) {
  if (geteuid() != 0) GTEST_SKIP() << "only root may change its root";
  fs::create_directories(Path("work"));
  const std::string root = directory_;
  const HelperProcess jailed([&root] {
    if (chroot(root.c_str()) != 0 || chdir("/work") != 0) _exit(1);
  });
  ASSERT_TRUE(jailed.is_ready());
  const std::optional<ProcessFacts> facts = ReadProcessFacts(jailed.pid());
  ASSERT_TRUE(facts);
  EXPECT_EQ(facts->root, "/proc/" + std::to_string(jailed.pid()) + "/root");
  EXPECT_EQ(facts->output, "/work");
}

TEST_F(ProcessFactsTest, WhatIsNoProcessHasNoFacts) {
  EXPECT_FALSE(ReadProcessFacts(999'999'999));
  EXPECT_EQ(SeccompMode(999'999'999), 0);
}

}  // namespace
}  // namespace leaktrack
