// SPDX-License-Identifier: Apache-2.0
#include "tools/report/words/growth_words.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <sstream>

#include "tests/report/sample_input.h"
#include "tools/report/text/text_report.h"

namespace leaktrack {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr double kMiB = 1 << 20;

// Each run of white space is one blank, so that it does not matter where lines break.
std::string OnOneLine(const std::string& text) {
  std::istringstream words(text);
  std::string line;
  for (std::string word; words >> word;) line += (line.empty() ? "" : " ") + word;
  return line;
}

class GrowthWordsTest : public ::testing::Test {
 protected:
  GrowthWordsTest() {
    input_.capture.process.start_realtime_ns =
        int64_t{1700042400} * 1'000'000'000;  // 2023-11-15 10:00:00Z
    input_.analysis.duration_seconds = 3 * 3600;
    site().growth = Rate{26 * 60 * kMiB, 24 * 60 * kMiB, 28 * 60 * kMiB};
    site().oldest_seconds = 3 * 3600 - 900;
  }
  SiteResult& site() { return input_.analysis.sites[0]; }
  std::string Sentence() {
    return GrowthSentence(GroupSites(input_.analysis.sites, Verdict::kSuspect).front(), input_);
  }
  ReportInput input_ = testing::LeakingInput();
};

TEST_F(GrowthWordsTest, LinearGrowthHasARateABeginningAndAStanding) {
  EXPECT_EQ(Sentence(), "+26 MiB/min (90 % range: 24 to 28) since 10:15 UTC");
  site().state = State::kConfirmed;
  EXPECT_EQ(Sentence(), "+26 MiB/min (90 % range: 24 to 28) since 10:15 UTC, confirmed");
}

TEST_F(GrowthWordsTest, SlowGrowthIsTimedByTheHour) {
  site().growth = Rate{3 * kMiB, 2 * kMiB, 4 * kMiB};
  EXPECT_EQ(Sentence(), "+3 MiB/h (90 % range: 2 to 4) since 10:15 UTC");
}

TEST_F(GrowthWordsTest, EachShapeHasItsOwnWords) {
  site().trend = Trend::kExponential;
  site().doubling_seconds = 200;
  EXPECT_EQ(Sentence(), "+26 MiB/min (90 % range: 24 to 28) now, doubling every 3m 20s");
  site().doubling_seconds.reset();
  site().trend = Trend::kSawtooth;
  site().sawtooth = Sawtooth{60 * kMiB, 40 * kMiB};
  site().growth = Rate{60 * kMiB, 60 * kMiB, 60 * kMiB};
  EXPECT_EQ(Sentence(),
            "+1 MiB/min (90 % range: 1 to 1) since 10:15 UTC at the base, under peaks of 40 MiB "
            "that are freed again");
  site().sawtooth.reset();
  site().trend = Trend::kBacklog;
  EXPECT_THAT(Sentence(), HasSubstr("a queue that fills faster than it is emptied"));
  site().trend = Trend::kContainer;
  EXPECT_THAT(Sentence(), HasSubstr("one vector, table or arena"));
}

TEST_F(GrowthWordsTest, ALateOnsetIsATimeOfDay) {
  site().late_onset_seconds = 4 * 60 + 2 * 3600;
  EXPECT_EQ(Sentence(), "+26 MiB/min (90 % range: 24 to 28) since 12:04 UTC");
  input_.analysis.duration_seconds = 3 * 86400;
  EXPECT_THAT(Sentence(), HasSubstr("since Nov 15 12:04 UTC"));
  input_.capture.process.start_realtime_ns = 0;
  EXPECT_THAT(Sentence(), HasSubstr("since 2h 4m after the start"));
}

TEST_F(GrowthWordsTest, PartialAndTidiedUpLeaksSaySo) {
  site().leaked_share = .02;
  EXPECT_THAT(Sentence(), HasSubstr("one in 50 of its blocks is never freed"));
  site().leaked_share = .97;
  EXPECT_THAT(Sentence(), Not(HasSubstr("one in")));
  site().freed_at_exit = true;
  EXPECT_THAT(Sentence(), HasSubstr("only when the program ended"));
}

TEST_F(GrowthWordsTest, TheReportTellsOfRetractionsStatusAndAdvice) {
  SiteResult retracted = site();
  retracted.verdict = Verdict::kNone;
  retracted.state = State::kRetracted;
  retracted.plateau = Plateau{120 * kMiB, 2 * 3600};
  input_.analysis.sites.push_back(retracted);
  input_.capture.running = true;
  ProcessResult& process = input_.analysis.process;
  process.limit_bytes = 1 << 30;
  process.limit_kind = LimitKind::kCgroup;
  process.used_fraction = .91;
  process.status = Status::kCritical;
  process.seconds_low = 600, process.seconds_mid = 900, process.seconds_high = 1200;
  process.odds = {{3600, 1}};
  MemoryResult& memory = input_.analysis.memory;
  memory.rss_bytes = 900 << 20;
  memory.parts = {{MemoryPartKind::kRetained, 300 * kMiB, {}}};
  memory.allocator = capture::Allocator::kGlibc;
  memory.advice = {{AdviceKind::kFewerArenas, 0, ""}};
  const std::string text = TextReport(input_);
  EXPECT_THAT(OnOneLine(text), HasSubstr("FULL at 13:15 UTC, in 15m (80 % range: 13:10 to 13:20); "
                                         "limit 1 GiB of the cgroup, 91 % used: CRITICAL NEXT "));
  EXPECT_THAT(text, HasSubstr("freed, kept by glibc"));
  EXPECT_THAT(text, HasSubstr("Advice     set MALLOC_ARENA_MAX=2"));
  EXPECT_THAT(text, HasSubstr("stopped at 120 MiB, 12:00 UTC: "));
}

TEST_F(GrowthWordsTest, WhatIsSpecialIsSaidAndSteadyGrowthIsNot) {
  const auto peculiarity = [&] {
    return PeculiarityText(GroupSites(input_.analysis.sites, Verdict::kSuspect).front());
  };
  EXPECT_EQ(peculiarity(), "");
  site().leaked_share = .02;
  EXPECT_EQ(peculiarity(), "one in 50 of its blocks is never freed");
  site().trend = Trend::kBacklog;
  EXPECT_EQ(peculiarity(),
            "it is a queue that fills faster than it is emptied; one in 50 of its blocks is never "
            "freed");
}

TEST_F(GrowthWordsTest, PartsOfOneThingAreOneEntryUnderWhoMadeAllOfIt) {
  SiteResult part = site();
  site().family = part.family = 1;
  site().part_frame = part.part_frame = 1;
  site().blame = part.blame = 2;
  part.stack.Change([](auto& frames) { frames[1].function = "NewKey(int)"; });
  input_.analysis.sites.push_back(part);
  EXPECT_EQ(GroupSites(input_.analysis.sites, Verdict::kSuspect).size(), 1u);
  const std::string text = TextReport(input_);
  EXPECT_THAT(text, HasSubstr("  with    what NewKey"));
  EXPECT_THAT(OnOneLine(text), HasSubstr("they are parts of one thing"));
  EXPECT_THAT(text, HasSubstr("#1 suspect"));
  EXPECT_THAT(text, Not(HasSubstr("#2 suspect")));
}

TEST_F(GrowthWordsTest, OneFunctionIsOneEntryOfItsWorstVerdict) {
  SiteResult leak = site();
  leak.verdict = Verdict::kLeak;
  input_.analysis.sites.insert(input_.analysis.sites.begin(), leak);
  const auto groups = GroupSites(input_.analysis.sites, Verdict::kSuspect);
  ASSERT_EQ(groups.size(), 1u);
  EXPECT_EQ(groups[0].first().verdict, Verdict::kLeak);
}

TEST_F(GrowthWordsTest, WhatTheBlamedFunctionCalledAndTheProgramsOwnFrameAreAlwaysPrinted) {
  site().stack.Change([](auto& frames) {
    for (auto& frame : frames) frame.function.clear();
    frames[0].function = "g_malloc";
    frames[1].function = "g_error_new_valist";
    frames[2].function = "g_ascii_string_to_unsigned";
    frames[3].function = "parse_limit";
    frames[8].function = "ServeRequest";
  });
  site().blame = 3;
  site().own_frame = 8;
  const std::string text = TextReport(input_);
  EXPECT_THAT(text, HasSubstr("  calls   g_ascii_string_to_unsigned"));
  EXPECT_THAT(text, HasSubstr("ServeRequest"));
}

TEST_F(GrowthWordsTest, AFrameWithoutANameIsToldByTheFunctionThatItRanUnder) {
  site().stack.Change([](auto& frames) {
    for (auto& frame : frames) frame.function.clear();
    frames[4].function = "run_plugin_once";
  });
  EXPECT_THAT(TextReport(input_), HasSubstr("service+0x1000 under run_plugin_once"));
}

}  // namespace
}  // namespace leaktrack
