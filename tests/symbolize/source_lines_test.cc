// SPDX-License-Identifier: Apache-2.0
#include "tools/symbolize/source_lines.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <chrono>
#include <filesystem>
#include <fstream>

namespace leaktrack {
namespace {

namespace fs = std::filesystem;

class SourceLinesTest : public ::testing::Test {
 protected:
  SourceLinesTest()
      : folder_(fs::path(::testing::TempDir()) /
                ::testing::UnitTest::GetInstance()->current_test_info()->name()) {
    fs::remove_all(folder_);
    fs::create_directories(folder_);
  }
  ~SourceLinesTest() override { fs::remove_all(folder_); }

  std::string Write(const std::string& name, const std::string& text) {
    std::ofstream(folder_ / name) << text;
    return folder_ / name;
  }
  static ResolvedFrame At(const std::string& file, uint32_t line) {
    ResolvedFrame frame;
    frame.file = file;
    frame.line = line;
    return frame;
  }

  fs::path folder_;
};

TEST_F(SourceLinesTest, GivesTheLinesAround) {
  const std::string file = Write("a.cc", "one\ntwo\n\tthree\nfour\nfive");
  SourceLines sources;
  const auto middle = sources.Around(At(file, 3), 1);
  ASSERT_TRUE(middle.has_value());
  EXPECT_EQ(middle->first_line, 2u);
  EXPECT_EQ(middle->lines, (std::vector<std::string>{"two", "    three", "four"}));
  EXPECT_EQ(sources.Around(At(file, 1), 1)->lines, (std::vector<std::string>{"one", "two"}));
  EXPECT_EQ(sources.Around(At(file, 5), 1)->lines, (std::vector<std::string>{"four", "five"}));
  EXPECT_FALSE(sources.Around(At(file, 6), 1).has_value());
  EXPECT_FALSE(sources.Around(At(file, 0), 1).has_value());
}

// A capture from a stranger, opened here and passed on, must not carry private files along.
TEST_F(SourceLinesTest, OpensNothingThatIsNotSource) {
  const std::string secret = Write("id_rsa", "secret\n");
  mkfifo((folder_ / "pipe.cc").c_str(), 0600);
  SourceLines sources;
  EXPECT_FALSE(sources.Around(At(secret, 1), 1).has_value());
  EXPECT_FALSE(sources.Around(At(folder_ / "pipe.cc", 1), 1).has_value());
  EXPECT_FALSE(sources.Around(At("a.cc", 1), 1).has_value());
  EXPECT_FALSE(sources.Around(At(folder_, 1), 1).has_value());
}

TEST_F(SourceLinesTest, TextIsSafeToShow) {
  const std::string file = Write("a.c", "\x1b[31m\xff\r\n" + std::string(5000, 'x') + "\n");
  const auto excerpt = SourceLines().Around(At(file, 1), 1);
  ASSERT_TRUE(excerpt.has_value());
  EXPECT_EQ(excerpt->lines[0], "\\x1b[31m\\xff");
  EXPECT_LE(excerpt->lines[1].size(), 200u);
}

TEST_F(SourceLinesTest, SaysWhereTheSourceWasChangedSince) {
  const std::string file = Write("a.c", "x\n"), program = Write("program", "y");
  ResolvedFrame frame = At(file, 1);
  frame.module = program;
  fs::last_write_time(program, fs::last_write_time(file) + std::chrono::seconds(5));
  EXPECT_FALSE(SourceLines().Around(frame, 1)->newer_than_program);
  fs::last_write_time(program, fs::last_write_time(file) - std::chrono::seconds(5));
  EXPECT_TRUE(SourceLines().Around(frame, 1)->newer_than_program);
}

TEST_F(SourceLinesTest, LooksUnderTheSysrootFirst) {
  fs::create_directories(folder_ / "root" / folder_.relative_path());
  const std::string file = Write("a.c", "here\n");
  std::ofstream(folder_ / "root" / folder_.relative_path() / "a.c") << "there\n";
  EXPECT_EQ(SourceLines(folder_ / "root").Around(At(file, 1), 0)->lines[0], "there");
  EXPECT_EQ(SourceLines(folder_ / "nowhere").Around(At(file, 1), 0)->lines[0], "here");
}

}  // namespace
}  // namespace leaktrack
