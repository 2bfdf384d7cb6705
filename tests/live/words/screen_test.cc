// SPDX-License-Identifier: Apache-2.0
#include "tools/live/words/screen.h"

#include <algorithm>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/live/curves.h"
#include "tools/base/safe_text.h"

namespace leaktrack::live {
namespace {

using testing::HasSubstr;
using testing::Not;

class ScreenTest : public testing::Test {
 protected:
  ScreenTest() {
    Stage stage;
    stage.limit = 5000 * kMiB;
    for (pid_t pid = 1; pid <= 50; ++pid) {
      const double rate = pid == 7 ? 2 : 0;
      stage.actors.push_back({pid, "/app", [=](double t) { return (pid + rate * t) * kMiB; }, {}});
    }
    host_ = Watch(stage, 60, 1);
    sites_.sites = {
        {1, "Remember", "audit.cc", "app", 41, Verdict::kLeak, 5e6, Rate{1e8, 9e7, 2e8}},
        {2, "Other", "", "app", 0, Verdict::kNone, 9e6, {}}};
    input_.host = &host_;
    input_.sites = &sites_;
  }
  std::string Text(const ScreenSize& size = {}) const { return ScreenText(input_, state_, size); }
  void Type(const std::string& keys) {
    for (const char c : keys) TakeKey(Key::kCharacter, c, input_, state_);
  }
  void Press(Key key) { TakeKey(key, 0, input_, state_); }

  HostView host_;
  TrackedView sites_;
  ScreenInput input_;
  ScreenState state_;
};

TEST_F(ScreenTest, FitsIntoAnySize) {
  for (const pid_t opened : {0, 7}) {
    for (const auto& [columns, rows] : {std::pair{80, 24}, {200, 60}, {40, 5}, {20, 1}}) {
      state_.opened = opened;
      const ScreenSize size{static_cast<size_t>(columns), static_cast<size_t>(rows), false};
      std::istringstream text(Text(size));
      std::string line;
      int lines = 0;
      while (std::getline(text, line)) {
        ++lines;
        EXPECT_LE(DisplayColumns(line), size.columns) << line;
      }
      EXPECT_TRUE(lines <= rows || rows < 6) << lines;
    }
  }
}

TEST_F(ScreenTest, TheLeakComesFirstByTroubleAndByGrowth) {
  EXPECT_THAT(Text(), HasSubstr("> WARNING            7 actor7"));
  state_.sort = SortBy::kGrowth;
  EXPECT_THAT(Text(), HasSubstr("> WARNING            7 actor7"));
  state_.sort = SortBy::kName;
  EXPECT_THAT(Text(), HasSubstr("> WARNING            1 actor1"));
}

TEST_F(ScreenTest, TheSelectedRowIsAlwaysVisible) {
  for (int i = 0; i < 49; ++i) Press(Key::kDown);
  EXPECT_THAT(Text(), HasSubstr("\n> "));
  Press(Key::kDown);
  EXPECT_EQ(state_.selected, 49U);
}

TEST_F(ScreenTest, AFilterLeavesWhatHasTheWordAndKeysAreLettersWhileItIsTyped) {
  Type("/actor4q");
  EXPECT_FALSE(state_.quit);
  Press(Key::kErase);
  Press(Key::kEnter);
  EXPECT_THAT(Text(), HasSubstr("actor42"));
  EXPECT_THAT(Text(), Not(HasSubstr("actor7")));
  Type("q");
  EXPECT_TRUE(state_.quit);
}

TEST_F(ScreenTest, EnterOpensTheSitesAndThenAStackAndBackGoesBack) {
  Press(Key::kEnter);
  EXPECT_EQ(state_.opened, 7);
  EXPECT_THAT(Text(), HasSubstr("Remember (audit.cc:41)"));
  ASSERT_NE(SelectedSite(input_, state_), nullptr);
  EXPECT_EQ(SelectedSite(input_, state_)->site, 1U);
  Press(Key::kEnter);
  const std::vector<std::string> stack = {"Remember (audit.cc:41)", "main (main.cc:1)"};
  input_.stack = stack;
  EXPECT_THAT(Text(), HasSubstr("main (main.cc:1)"));
  Press(Key::kBack);
  Press(Key::kBack);
  EXPECT_EQ(state_.opened, 0);
}

TEST_F(ScreenTest, AProcessThatIsNotTrackedSaysWhatWouldShowItsSites) {
  state_.opened = 3;
  input_.sites = nullptr;
  EXPECT_THAT(Text(), HasSubstr("leaktrack run"));
}

TEST_F(ScreenTest, HelpNamesEveryKey) {
  Type("?");
  for (const char* word : {"enter", "esc", "filter", "pause", "sort", "quit"})
    EXPECT_THAT(Text(), HasSubstr(word));
}

TEST_F(ScreenTest, NoColourMeansNoEscapes) {
  EXPECT_THAT(Text(), Not(HasSubstr("\x1b")));
  EXPECT_THAT(Text({80, 24, true}), HasSubstr("\x1b["));
}

TEST(SparklineTest, RisesWithTheCurve) {
  EXPECT_EQ(Sparkline(std::vector<Point>{{0, 1}, {1, 8}}, 10), "▁█");
  EXPECT_EQ(Sparkline({}, 10), "");
  EXPECT_EQ(Sparkline(std::vector<Point>{{0, 5}, {1, 5}}, 1), "▁");
}

}  // namespace
}  // namespace leaktrack::live
