// SPDX-License-Identifier: Apache-2.0
//
// What a tired person reads first, in the situations that there are.
#include "tools/report/text/first_screen.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>

#include "tests/report/sample_input.h"
#include "tools/report/text/text_report.h"

namespace leaktrack {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr double kMiB = 1 << 20;

// A service that has run since 08:51 on the day of its end, and is still there.
ReportInput Running() {
  ReportInput input = testing::LeakingInput();
  input.capture.process.start_realtime_ns = int64_t{1700038260} * 1'000'000'000;  // 08:51 UTC
  input.capture.path = "/tmp/x.ltk";
  input.capture.end_state = capture::RunState::kRunning;
  input.capture.running = true;
  input.analysis.duration_seconds = 240;
  input.analysis.sites[0].oldest_seconds = 240;
  ProcessResult& process = input.analysis.process;
  process.limit_bytes = int64_t{8} << 30;
  process.limit_kind = LimitKind::kCgroup;
  process.used_fraction = .26;
  process.odds = {{3600, 0}};
  process.seconds_low = 7 * 3600, process.seconds_mid = 8 * 3600, process.seconds_high = 9 * 3600;
  return input;
}

TEST(FirstScreenTest, ALeakSaysWhoHowFastSinceWhenWhenItIsFullAndWhatToDo) {
  ReportInput input = Running();
  input.analysis.sites[0].verdict = Verdict::kLeak;
  input.analysis.sites[0].settle = {Settles::kConfirmingRun, 4 * 3600};
  const FirstScreen screen = FirstScreenOf(input);
  EXPECT_STREQ(screen.word, "LEAK");
  EXPECT_THAT(screen.lines[0],
              HasSubstr("service at service.cc:41 grows 24.8 MiB/min since 08:51 UTC"));
  EXPECT_THAT(screen.lines[1], HasSubstr("8.6 MiB so far in 4,000 blocks"));
  EXPECT_EQ(screen.fate.label, "FULL");
  EXPECT_EQ(
      screen.fate.text,
      "at 16:55 UTC, in 8h (80 % range: 15:55 to 17:55); limit 8 GiB of the cgroup, 26 % used");
  EXPECT_EQ(screen.next[0], "fix service.cc:41; until then a restart buys about 8h 4m");
  EXPECT_EQ(screen.next[1], "leaktrack report --site 7 /tmp/x.ltk shows the whole stack");
}

TEST(FirstScreenTest, ASuspectSaysUntilWhenToWait) {
  const FirstScreen screen = FirstScreenOf(Running());
  EXPECT_STREQ(screen.word, "LEAK?");
  EXPECT_EQ(screen.lines.back(), "87 % that this is a leak; over 99 % by 10:21 UTC if it goes on");
  EXPECT_EQ(screen.next[0],
            "report again after 09:01 UTC: what still grows then is most likely a leak");
  ReportInput ended = Running();
  ended.capture.running = false;
  EXPECT_EQ(FirstScreenOf(ended).lines.back(), "87 % that this is a leak");
  EXPECT_EQ(FirstScreenOf(ended).next[0],
            "let it run for 10m or more: what still grows then is most likely a leak");
}

TEST(FirstScreenTest, AProcessThatHasEndedHasAPastAndNoFuture) {
  ReportInput input = Running();
  input.capture.running = false;
  input.capture.end_state = capture::RunState::kKilled;
  input.analysis.process.status = Status::kCritical;
  const FirstScreen screen = FirstScreenOf(input);
  EXPECT_EQ(screen.fate.label, "ENDED");
  EXPECT_EQ(screen.fate.text, "at 08:55 UTC: killed; limit 8 GiB of the cgroup, 26 % used");
  Page page(80, false);
  WriteFirstScreen(input, page);
  EXPECT_THAT(page.text(), Not(HasSubstr("FULL")));
  input.capture.end_state = capture::RunState::kRunning;
  EXPECT_THAT(FirstScreenOf(input).fate.text, HasSubstr("08:55 UTC: ended, nobody saw how; "));
}

TEST(FirstScreenTest, WhatWasSealedWhileItRanHasAForecastFromThen) {
  ReportInput input = Running();
  input.capture.running = false;
  input.capture.as_of = true;
  const FirstScreen screen = FirstScreenOf(input);
  EXPECT_EQ(screen.fate.label, "FULL");
  EXPECT_THAT(screen.fate.text, HasSubstr("8h after it was sealed (80 % range: 7h to 9h); limit"));
}

TEST(FirstScreenTest, AMomentOfAnotherDayHasItsDay) {
  ReportInput input = Running();
  ProcessResult& process = input.analysis.process;
  process.seconds_low = 16 * 3600, process.seconds_mid = 20 * 3600,
  process.seconds_high = 24 * 3600;
  EXPECT_THAT(FirstScreenOf(input).fate.text, HasSubstr("at Nov 16 04:55 UTC, in 20h"));
}

TEST(FirstScreenTest, WhereNothingGrowsItSaysWhatWouldHaveBeenFound) {
  ReportInput input = Running();
  input.analysis.sites.clear();
  input.analysis.conclusion = Conclusion::kClean;
  input.analysis.process.odds.clear();
  input.analysis.memory.memory_class = MemoryClass::kSteady;
  input.analysis.memory.rss_bytes = 38 << 20;
  input.analysis.memory.rss_growth = Rate{0, -.2 * kMiB, .2 * kMiB};
  const FirstScreen screen = FirstScreenOf(input);
  EXPECT_STREQ(screen.word, "OK");
  EXPECT_EQ(screen.lines[0], "resident memory is steady at 38 MiB (within 205 KiB/h)");
  EXPECT_EQ(
      screen.lines[1],
      "watched for 4m; a leak of 3 MiB/h or more at one place would have been found (80 % power)");
  EXPECT_EQ(screen.fate.text, "");
  EXPECT_THAT(screen.next, IsEmpty());
}

TEST(FirstScreenTest, WhatTheAllocatorKeepsIsNoLeakAndHasARemedy) {
  ReportInput input = Running();
  input.analysis.sites.clear();
  input.analysis.conclusion = Conclusion::kClean;
  MemoryResult& memory = input.analysis.memory;
  memory.memory_class = MemoryClass::kRetention;
  memory.allocator = capture::Allocator::kGlibc;
  memory.retained_bytes = 158 * kMiB;
  memory.advice = {{AdviceKind::kTrim, 0, ""}, {AdviceKind::kPinnedHeaps, 0, ""}};
  const FirstScreen screen = FirstScreenOf(input);
  EXPECT_STREQ(screen.word, "NO LEAK");
  EXPECT_THAT(screen.lines[0], HasSubstr("glibc keeps 158 MiB that was freed"));
  ASSERT_EQ(screen.next.size(), 1u);
  EXPECT_THAT(screen.next[0], HasSubstr("malloc_trim(0)"));
}

// The site grows more than chance explains, and is not yet probable enough to be accused.
ReportInput Unproven() {
  ReportInput input = Running();
  input.analysis.conclusion = Conclusion::kGrows;
  input.analysis.doubts = {Doubt::kGrowthUnproven};
  SiteResult& site = input.analysis.sites[0];
  site.verdict = Verdict::kWatch;
  site.leak_probability = .6;
  site.decided_by_seconds = 600;
  return input;
}

TEST(FirstScreenTest, WhatGrowsWithoutProofHasAProbabilityAndATimeOfDecision) {
  const FirstScreen screen = FirstScreenOf(Unproven());
  EXPECT_STREQ(screen.word, "GROWS");
  EXPECT_THAT(screen.lines[0], HasSubstr("grows 24.8 MiB/min since 08:51 UTC"));
  EXPECT_EQ(screen.lines[2], "60 % that this is a leak; decided by 09:01 UTC if it goes on");
  EXPECT_THAT(screen.next[0], HasSubstr("report again after 09:01 UTC"));
}

// 10 GiB/h of resident memory, of which one site that nothing is proven of holds all but little.
MeasuredGrowth Resident() {
  MeasuredGrowth growth;
  growth.rate = Rate{600 * kMiB, 540 * kMiB, 660 * kMiB};
  growth.bytes = 30 * kMiB;
  growth.from_seconds = 60;
  growth.goes_on = true;
  return growth;
}

ReportInput Measured() {
  ReportInput input = Unproven();
  SiteResult& site = input.analysis.sites[0];
  site.verdict = Verdict::kNone;
  site.significant = false;
  site.trend = Trend::kInsufficient;
  site.leak_probability.reset();
  site.grown_bytes = 28 * kMiB;
  input.analysis.measured_growth = Resident();
  return input;
}

TEST(FirstScreenTest, WhatIsMeasuredToGrowIsSaidWithItsHolderWhereNoSiteIsProven) {
  const FirstScreen screen = FirstScreenOf(Measured());
  EXPECT_STREQ(screen.word, "GROWS");
  EXPECT_EQ(screen.lines[0],
            "resident memory grows 10 MiB/min (90 % range: 9 to 11) since 08:52 UTC");
  EXPECT_THAT(screen.lines[1], HasSubstr("holds 28 MiB of that, most of it; its blocks are too "
                                         "few to judge it by"));
  EXPECT_THAT(screen.next[0], HasSubstr("--site 7"));
}

TEST(FirstScreenTest, GrowthOverManyPlacesNamesNone) {
  ReportInput input = Measured();
  input.analysis.sites[0].grown_bytes = kMiB;
  EXPECT_EQ(FirstScreenOf(input).lines[1], "no place in the program holds a tenth of that");
}

TEST(FirstScreenTest, ResidentMemoryThatGrowsFarFasterThanTheAccusedIsNotPassedOver) {
  ReportInput input = Running();
  input.analysis.measured_growth = Resident();
  EXPECT_THAT(FirstScreenOf(input).lines.back(), Not(HasSubstr("in all")));
  input.analysis.measured_growth->rate = Rate{6000 * kMiB, 5400 * kMiB, 6600 * kMiB};
  EXPECT_THAT(FirstScreenOf(input).lines.back(),
              HasSubstr("resident memory grows 100 MiB/min (90 % range: 90 to 110) since"));
}

TEST(FirstScreenTest, StacksThatGrowAreToldByWhoStartsTheThreads) {
  ReportInput input = Measured();
  MemoryResult& memory = input.analysis.memory;
  memory.threads = 452;
  memory.threads_growth = Rate{36'000, 35'900, 36'100};
  memory.parts = {{MemoryPartKind::kRest, 26 << 20, input.analysis.measured_growth->rate}};
  EXPECT_THAT(FirstScreenOf(input).lines[0], HasSubstr("600/min more threads"));
  EXPECT_THAT(FirstScreenOf(input).lines[1], HasSubstr("most of it their stacks"));
  EXPECT_THAT(FirstScreenOf(input).next[0], HasSubstr("gdb -p "));
  memory.parts[0].growth = Rate{1, -1, 2};  // the heap grows, not the stacks
  EXPECT_THAT(FirstScreenOf(input).lines[0], Not(HasSubstr("threads")));
}

TEST(FirstScreenTest, GrowthThatIsTooSlowOrHasStoppedIsSaidAndIsNoReasonToAct) {
  ReportInput input = Measured();
  input.analysis.conclusion = Conclusion::kClean;
  EXPECT_STREQ(FirstScreenOf(input).word, "OK");
  EXPECT_THAT(FirstScreenOf(input).lines[0], HasSubstr("too slow to fill the limit"));
  input.analysis.measured_growth->goes_on = false;
  EXPECT_EQ(FirstScreenOf(input).lines[0],
            "resident memory grew by 30 MiB after 08:52 UTC and has stopped");
}

TEST(FirstScreenTest, WhatGrowsAndTakesNoMemoryIsTheAnswer) {
  ReportInput input = Running();
  input.analysis.sites.clear();
  input.analysis.conclusion = Conclusion::kClean;
  input.analysis.memory.memory_class = MemoryClass::kUntouched;
  EXPECT_THAT(FirstScreenOf(input).lines[0], HasSubstr("it takes address space, no memory"));
}

TEST(FirstScreenTest, AdviceForSteadyMemoryIsNotLost) {
  ReportInput input = Running();
  input.analysis.sites.clear();
  input.analysis.conclusion = Conclusion::kClean;
  input.analysis.memory.memory_class = MemoryClass::kSteady;
  input.analysis.memory.advice = {{AdviceKind::kTrim, 0, ""}};
  EXPECT_THAT(TextReport(input, {}), HasSubstr("Advice     call malloc_trim(0)"));
}

TEST(FirstScreenTest, WhatHidesWhoAllocatesIsPutRightFirst) {
  ReportInput input = Running();
  input.analysis.memory.advice = {{AdviceKind::kPythonMalloc, 0, ""}};
  EXPECT_THAT(FirstScreenOf(input).next[0], Not(HasSubstr("PYTHONMALLOC=malloc")));
  input.analysis.sites[0].kind = capture::SiteKind::kMapping;
  EXPECT_THAT(FirstScreenOf(input).next[0], HasSubstr("PYTHONMALLOC=malloc"));
  EXPECT_THAT(TextReport(input, {}), Not(HasSubstr("Advice")));
}

TEST(FirstScreenTest, EveryDoubtHasAWayOut) {
  ReportInput input = Running();
  input.analysis.conclusion = Conclusion::kDataLost;
  for (int i = 1; i <= static_cast<int>(Doubt::kNothingSeen); ++i) {
    input.analysis.doubts = {static_cast<Doubt>(i)};
    const FirstScreen screen = FirstScreenOf(input);
    EXPECT_STREQ(screen.word, "UNCLEAR");
    EXPECT_THAT(screen.next[0], Not(IsEmpty())) << i;
  }
}

TEST(FirstScreenTest, IsShort) {
  Page page(80, false);
  WriteFirstScreen(Running(), page);
  const std::string& text = page.text();
  EXPECT_LE(std::count(text.begin(), text.end(), '\n'), 9) << text;
}

}  // namespace
}  // namespace leaktrack
