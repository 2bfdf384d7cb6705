// SPDX-License-Identifier: Apache-2.0
#include "tools/base/input_file.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <thread>

namespace leaktrack {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

class InputFileTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string name = ::testing::TempDir() + "/inputXXXXXX";
    directory_ = mkdtemp(name.data());
    path_ = directory_ + "/file";
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }
  std::string WhyNot(const std::string& path, int silent_ms = 50) {
    const absl::StatusOr<std::string> text = ReadText(path, silent_ms);
    return text.ok() ? "was read: " + *text : std::string(text.status().message());
  }
  std::string directory_, path_;
};

TEST_F(InputFileTest, AFileIsReadWhole) {
  const std::string text(300'000, 'x');
  std::ofstream(path_) << text << "\n";
  EXPECT_EQ(*ReadText(path_), text + "\n");
  std::ofstream(path_).flush();
  EXPECT_EQ(*ReadText(path_), "");
}

TEST_F(InputFileTest, WhatIsNoFileIsNamedAndNotOpened) {
  EXPECT_THAT(WhyNot(directory_), AllOf(HasSubstr(directory_), HasSubstr("is a directory")));
  EXPECT_THAT(WhyNot("/dev/zero"), HasSubstr("is a device"));
  EXPECT_THAT(WhyNot(path_), HasSubstr("No such file"));
}

TEST_F(InputFileTest, APipeIsReadToItsEndAsAShellGivesIt) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  std::thread writer([&] {
    const std::string text(200'000, 'y');
    for (size_t done = 0; done < text.size();)
      done += static_cast<size_t>(
          std::max<ssize_t>(0, write(ends[1], &text[done], text.size() - done)));
    close(ends[1]);
  });
  const absl::StatusOr<std::string> text = ReadText("/dev/fd/" + std::to_string(ends[0]));
  writer.join();
  close(ends[0]);
  EXPECT_EQ(*text, std::string(200'000, 'y'));
}

TEST_F(InputFileTest, APipeThatNobodyWritesToOrThatIsSilentIsGivenUp) {
  ASSERT_EQ(mkfifo(path_.c_str(), 0600), 0);
  EXPECT_THAT(WhyNot(path_), HasSubstr("no program writes to the pipe"));
  const int writer = open(path_.c_str(), O_RDWR | O_NONBLOCK);
  EXPECT_THAT(WhyNot(path_), HasSubstr("has been silent for 50ms"));
  close(writer);
}

}  // namespace
}  // namespace leaktrack
