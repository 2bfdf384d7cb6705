// SPDX-License-Identifier: Apache-2.0
#include "tools/commands/history_file.h"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "tests/commands/command_fixture.h"
#include "tools/symbolize/frame_store.h"

namespace leaktrack {
namespace {

namespace fs = std::filesystem;

class HistoryFileTest : public testing::CommandTest {
 protected:
  static PlateauBook Book(int line) {
    return PlateauBook::Parse("ab12 000000000000000" + std::to_string(line) +
                              " 1000 60 5 Cache::Fill\n");
  }
};

TEST_F(HistoryFileTest, WhatIsWrittenIsReadAndAddedToForItsOwnerAlone) {
  const std::string directory = directory_ + "/state/leaktrack";
  EXPECT_TRUE(ReadHistory(HistoryPlace{directory}).empty());
  ASSERT_TRUE(AddToHistory(HistoryPlace{directory}, Book(1)));
  ASSERT_TRUE(AddToHistory(HistoryPlace{directory}, Book(2)));
  EXPECT_EQ(ReadHistory(HistoryPlace{directory}).size(), 2u);
  struct stat info {};
  ASSERT_EQ(stat((directory + "/plateaus").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
  EXPECT_EQ(std::distance(fs::directory_iterator(directory), fs::directory_iterator()), 1)
      << "nothing is left beside it";
}

TEST_F(HistoryFileTest, WhereNothingCanBeWrittenNothingIsRememberedAndNothingFails) {
  std::ofstream(directory_ + "/file") << "in the way";
  EXPECT_FALSE(AddToHistory({directory_ + "/file"}, Book(1)));
  EXPECT_FALSE(AddToHistory({"/proc/leaktrack"}, Book(1)));
  EXPECT_FALSE(AddToHistory({""}, Book(1)));
  fs::create_directories(directory_ + "/odd/plateaus");  // a directory where the file should be
  EXPECT_FALSE(AddToHistory({directory_ + "/odd"}, Book(1)));
  EXPECT_TRUE(ReadHistory({directory_ + "/odd"}).empty());
  EXPECT_TRUE(ReadHistory({"/dev"}).empty());
}

TEST_F(HistoryFileTest, ThatNothingIsKeptIsSaidOnceForOneReason) {
  const std::string shared = directory_ + "/home";
  fs::create_directories(shared);
  ASSERT_EQ(chmod(shared.c_str(), 0777), 0);
  ::testing::internal::CaptureStderr();
  EXPECT_FALSE(AddToHistory({shared + "/state"}, Book(1)));
  EXPECT_TRUE(FrameStore(shared + "/cache").Load("/bin/true", std::string(40, 'a')).empty());
  const std::string said = ::testing::internal::GetCapturedStderr();
  EXPECT_EQ(std::count(said.begin(), said.end(), '\n'), 1) << said;
  EXPECT_NE(said.find(shared + " may be changed by others"), std::string::npos) << said;
}

TEST_F(HistoryFileTest, ADirectoryThatOthersShareIsUsedOnlyWhereTheUserNamedIt) {
  const std::string shared = directory_ + "/shared";
  fs::create_directories(shared);
  ASSERT_EQ(chmod(shared.c_str(), 0777), 0);
  EXPECT_FALSE(AddToHistory({shared + "/state"}, Book(1)));
  EXPECT_TRUE(AddToHistory({shared + "/state", true}, Book(1)));
  EXPECT_TRUE(ReadHistory({shared + "/state"}).empty());
  EXPECT_EQ(ReadHistory({shared + "/state", true}).size(), 1u);
}

TEST_F(HistoryFileTest, ALinkInPlaceOfTheFileIsNeitherReadNorWrittenThrough) {
  std::ofstream(directory_ + "/precious") << Book(1).Text();
  fs::create_directories(directory_ + "/state");
  fs::create_symlink(directory_ + "/precious", directory_ + "/state/plateaus");
  for (const bool named : {false, true})
    EXPECT_TRUE(ReadHistory({directory_ + "/state", named}).empty());
  ASSERT_TRUE(AddToHistory({directory_ + "/state", true}, Book(2)));
  std::ifstream precious(directory_ + "/precious");
  EXPECT_EQ((std::string{std::istreambuf_iterator<char>(precious), {}}), Book(1).Text());
}

TEST_F(HistoryFileTest, ItLiesInTheStateDirectoryOfTheUser) {
  setenv("XDG_STATE_HOME", "/some/state", 1);
  EXPECT_EQ(DefaultHistoryDirectory(), "/some/state/leaktrack");
  setenv("XDG_STATE_HOME", "not/absolute", 1);
  setenv("HOME", "/users/me", 1);
  EXPECT_EQ(DefaultHistoryDirectory(), "/users/me/.local/state/leaktrack");
  unsetenv("HOME");
  EXPECT_EQ(DefaultHistoryDirectory(), "");
}

}  // namespace
}  // namespace leaktrack
