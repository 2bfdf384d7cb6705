// SPDX-License-Identifier: Apache-2.0
#include "tools/base/user_files.h"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <fstream>

namespace leaktrack {
namespace {

class UserFilesTest : public ::testing::Test {
 protected:
  void SetUp() override {
    setenv("HOME", "/of/somebody", 1);
    unsetenv("LEAKTRACK_TEST_HOME");
  }
  static std::string Directory() { return UserDirectory("LEAKTRACK_TEST_HOME", ".cache"); }
};

TEST_F(UserFilesTest, TheNamedDirectoryGoesBeforeTheHome) {
  EXPECT_EQ(Directory(), "/of/somebody/.cache/leaktrack");
  setenv("LEAKTRACK_TEST_HOME", "/elsewhere", 1);
  EXPECT_EQ(Directory(), "/elsewhere/leaktrack");
}

TEST_F(UserFilesTest, ARelativeNameCountsAsNone) {
  setenv("LEAKTRACK_TEST_HOME", "elsewhere", 1);
  EXPECT_EQ(Directory(), "/of/somebody/.cache/leaktrack");
  setenv("HOME", "", 1);
  EXPECT_EQ(Directory(), "");
}

TEST_F(UserFilesTest, ReadsWholeFilesAndTheStartOfLargerOnes) {
  const std::string path = ::testing::TempDir() + "/user_files";
  std::ofstream(path) << "what it holds";
  EXPECT_EQ(ReadAtMost(path, 100), "what it holds");
  EXPECT_EQ(ReadAtMost(path, 4), "what");
}

TEST_F(UserFilesTest, WhatIsNoFileReadsAsEmptyAndIsNotWaitedFor) {
  const std::string fifo = ::testing::TempDir() + "/user_files_fifo";
  unlink(fifo.c_str());
  ASSERT_EQ(mkfifo(fifo.c_str(), 0600), 0);
  EXPECT_EQ(ReadAtMost(fifo, 100), "");
  EXPECT_EQ(ReadAtMost(::testing::TempDir(), 100), "");
  EXPECT_EQ(ReadAtMost("/nowhere/at/all", 100), "");
}

}  // namespace
}  // namespace leaktrack
