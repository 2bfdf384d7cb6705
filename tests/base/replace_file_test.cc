// SPDX-License-Identifier: Apache-2.0
#include "tools/base/replace_file.h"

#include <gtest/gtest.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace leaktrack {
namespace {

namespace fs = std::filesystem;

class ReplaceFileTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string name = ::testing::TempDir() + "/replaceXXXXXX";
    directory_ = mkdtemp(name.data());
    path_ = directory_ + "/file";
  }
  void TearDown() override { fs::remove_all(directory_); }
  static unsigned ModeOf(const std::string& path) {
    struct stat facts {};
    return stat(path.c_str(), &facts) == 0 ? facts.st_mode & 0777 : 0;
  }
  std::string Text() const {
    std::ifstream file(path_);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  bool IsAlone() const {
    return std::distance(fs::directory_iterator(directory_), fs::directory_iterator()) == 1;
  }
  std::string directory_, path_;
};

TEST_F(ReplaceFileTest, ANewFileIsItsUsersAlone) {
  ASSERT_TRUE(ReplaceFile(path_, "", "new").ok());
  EXPECT_EQ(Text(), "new");
  EXPECT_EQ(ModeOf(path_), 0600u);
  EXPECT_TRUE(IsAlone());
}

TEST_F(ReplaceFileTest, TheModeOfTheOldOneIsKept) {
  std::ofstream(path_) << "old";
  chmod(path_.c_str(), 0640);
  ASSERT_TRUE(ReplaceFile(path_, path_, "new").ok());
  EXPECT_EQ(Text(), "new");
  EXPECT_EQ(ModeOf(path_), 0640u);
}

// As a container has files of its host: nothing can be renamed over a mount.
TEST_F(ReplaceFileTest, AFileThatIsAMountIsWrittenInPlace) {
  constexpr int kNotAllowed = 77;
  const std::string outside = directory_ + ".outside";
  std::ofstream(outside) << "old, and longer";
  std::ofstream(path_) << "";
  const pid_t child = fork();
  if (child == 0) {
    const bool mounted = unshare(CLONE_NEWNS) == 0 &&
                         mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
                         mount(outside.c_str(), path_.c_str(), nullptr, MS_BIND, nullptr) == 0;
    if (!mounted) _exit(kNotAllowed);
    _exit(ReplaceFile(path_, path_, "new").ok() && Text() == "new" && IsAlone() ? 0 : 1);
  }
  int status = 0;
  waitpid(child, &status, 0);
  std::ifstream file(outside);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  fs::remove(outside);
  if (WEXITSTATUS(status) == kNotAllowed) GTEST_SKIP() << "no mounts for this user";
  EXPECT_EQ(status, 0);
  EXPECT_EQ(text, "new");
}

TEST_F(ReplaceFileTest, WhatDoesNotFitLeavesTheOldFileAndNothingBeside) {
  std::ofstream(path_) << "old";
  rlimit before{}, tight{};
  getrlimit(RLIMIT_FSIZE, &before);
  tight = {.rlim_cur = 4096, .rlim_max = before.rlim_max};
  std::signal(SIGXFSZ, SIG_IGN);
  setrlimit(RLIMIT_FSIZE, &tight);
  const absl::Status status = ReplaceFile(path_, path_, std::string(10'000, 'x'));
  setrlimit(RLIMIT_FSIZE, &before);
  EXPECT_FALSE(status.ok());
  EXPECT_EQ(Text(), "old");
  EXPECT_TRUE(IsAlone());
}

TEST_F(ReplaceFileTest, WhereNothingMayBeWrittenItSaysWhere) {
  const absl::Status status = ReplaceFile("/nowhere/at/all", "", "new");
  EXPECT_NE(status.message().find("/nowhere/at/all"), std::string_view::npos) << status;
}

}  // namespace
}  // namespace leaktrack
