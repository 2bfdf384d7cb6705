// SPDX-License-Identifier: Apache-2.0
#include "libtrack/runtime/capture_file.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <unistd.h>

#include <string>

namespace leaktrack::track {
namespace {

class CaptureFileTest : public ::testing::Test {
 protected:
  void SetUp() override {
    path_ = ::testing::TempDir() + "/captureXXXXXX";
    fd_ = mkstemp(path_.data());
    ASSERT_GE(fd_, 0);
  }
  void TearDown() override {
    close(fd_);
    unlink(path_.c_str());
  }

  std::string path_;
  int fd_ = -1;
  CaptureFile file_{};
};

TEST_F(CaptureFileTest, WritesWhereItIsTold) {
  file_.Hold(fd_);
  EXPECT_TRUE(file_.Write("leak", 4, 2));
  char bytes[8] = {};
  EXPECT_EQ(pread(fd_, bytes, sizeof bytes, 0), 6);
  EXPECT_EQ(std::string(bytes + 2), "leak");
  file_.Hold(-1);
  EXPECT_FALSE(file_.Write("leak", 4, 2));
}

TEST_F(CaptureFileTest, ANumberThatIsAnotherFileByNowIsNotTheFile) {
  file_.Hold(fd_);
  EXPECT_FALSE(file_.IsSame()) << "nobody has said which file it is";
  file_.Identify();
  EXPECT_TRUE(file_.IsSame());
  const int null = open("/dev/null", O_WRONLY);
  ASSERT_EQ(dup2(null, fd_), fd_);
  close(null);
  EXPECT_FALSE(file_.IsSame());
}

TEST_F(CaptureFileTest, OpenedAgainItMustBeTheSame) {
  file_.Hold(fd_);
  file_.Identify();
  const int again = open(path_.c_str(), O_WRONLY), other = open("/dev/null", O_WRONLY);
  file_.Hold(again);
  file_.Identify();
  EXPECT_EQ(file_.fd(), again);
  file_.Hold(other);
  file_.Identify();
  EXPECT_EQ(file_.fd(), -1);
  file_.Forget();
  file_.Hold(other);
  file_.Identify();
  EXPECT_TRUE(file_.IsSame());
  close(again);
  close(other);
}

TEST_F(CaptureFileTest, AFileThatWasRemovedHasNoName) {
  file_.Hold(fd_);
  EXPECT_TRUE(file_.HasName("/nonexistent")) << "it has a link, wherever";
  unlink(path_.c_str());
  EXPECT_FALSE(file_.HasName(path_.c_str()));
  file_.Hold(-1);
  EXPECT_FALSE(file_.HasName(path_.c_str()));
}

}  // namespace
}  // namespace leaktrack::track
