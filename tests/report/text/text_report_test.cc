// SPDX-License-Identifier: Apache-2.0
#include "tools/report/text/text_report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "tests/report/sample_input.h"
#include "tools/base/safe_text.h"

namespace leaktrack {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

void ExpectFits(const std::string& text, size_t columns) {
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);)
    EXPECT_LE(DisplayColumns(line), columns) << line;
}

TEST(TextReportTest, TheVerdictIsInTheFirstLine) {
  const std::string first = Headline(testing::LeakingInput(), 80);
  EXPECT_THAT(first, StartsWith("SUSPECT: "));
  EXPECT_THAT(first, HasSubstr("grows"));
  EXPECT_THAT(first, HasSubstr("87 % a leak"));
}

TEST(TextReportTest, TheReportBeginsWithTheVerdictInOneLineOrInTwoWithTheNameUncut) {
  TextOptions wide;
  wide.columns = 200;
  EXPECT_THAT(TextReport(testing::LeakingInput(), wide),
              StartsWith(Headline(testing::LeakingInput(), 200) + "\n"));
  const std::string narrow = TextReport(testing::LeakingInput());
  const std::string first = narrow.substr(0, narrow.find('\n'));
  const std::string second =
      narrow.substr(first.size() + 1, narrow.find('\n', first.size() + 1) - first.size() - 1);
  EXPECT_THAT(first, StartsWith("SUSPECT: "));
  EXPECT_THAT(first, Not(HasSubstr("...")));
  EXPECT_THAT(second, StartsWith("         grows "));
}

TEST(TextReportTest, FitsThePageWhateverTheNames) {
  for (const size_t columns : {60u, 80u, 120u}) {
    TextOptions options;
    options.columns = columns;
    ExpectFits(TextReport(testing::LeakingInput(), options), columns);
  }
}

// Each run of white space is one blank, so that it does not matter where lines break.
std::string OnOneLine(const std::string& text) {
  std::istringstream words(text);
  std::string line;
  for (std::string word; words >> word;) line += (line.empty() ? "" : " ") + word;
  return line;
}

TEST(TextReportTest, GrowthThatBelongsToNoSiteHasALineAndTheNearestCaller) {
  ReportInput input = testing::LeakingInput();
  EXPECT_THAT(OnOneLine(TextReport(input, {})), Not(HasSubstr("Unplaced")));
  const double per_hour = 600.0 * (1 << 20);
  input.analysis.memory.unplaced_growth = Rate{per_hour, .9 * per_hour, 1.1 * per_hour};
  EXPECT_THAT(OnOneLine(TextReport(input, {})),
              HasSubstr("Unplaced 10 MiB/min (9 to 11) of resident memory "
                        "belong to no site; no call that we saw"));
  input.analysis.memory.nearest_site = 7;
  EXPECT_THAT(OnOneLine(TextReport(input, {})), HasSubstr("nearest caller known: "));
  EXPECT_THAT(OnOneLine(TextReport(input, {})), HasSubstr(" (site 7), which has mapped "));
  input.analysis.memory.nearest_site = 99;  // left out by a filter
  EXPECT_THAT(OnOneLine(TextReport(input, {})), HasSubstr("nearest caller known: site 99"));
}

TEST(TextReportTest, NoEscapeReachesTheTerminalUnlessColourWasAskedFor) {
  EXPECT_THAT(TextReport(testing::LeakingInput()), Not(HasSubstr("\x1b")));
  TextOptions options;
  options.colour = true;
  EXPECT_THAT(TextReport(testing::LeakingInput(), options), HasSubstr("\x1b[1;31m"));
  EXPECT_THAT(TextReport(testing::LeakingInput(), options),
              Not(HasSubstr("\x1b[31m")));  // the program's own
}

TEST(TextReportTest, SaysWhatWasLostAndWhatCouldNotBeSeen) {
  const std::string text = TextReport(testing::LeakingInput());
  EXPECT_THAT(text, HasSubstr("3 frees could not be settled"));
  EXPECT_THAT(text, HasSubstr("mallocx"));
  EXPECT_THAT(text, HasSubstr("libgone.so.1"));
  EXPECT_THAT(text, HasSubstr("cafe01"));
  EXPECT_THAT(text, HasSubstr("2 stacks"));
  EXPECT_THAT(text, HasSubstr("killed"));
}

TEST(TextReportTest, ARunWithoutTheHelperSaysThatItsHistoryIsNotKnown) {
  ReportInput input = testing::LeakingInput();
  EXPECT_THAT(TextReport(input), Not(HasSubstr("no helper thread")));
  input.capture.no_thread = true;
  EXPECT_THAT(TextReport(input), HasSubstr("no helper thread ran"));
}

TEST(TextReportTest, ACleanVerdictSaysHowSmallALeakItWouldHaveSeen) {
  ReportInput input = testing::LeakingInput();
  input.analysis.sites.clear();
  input.analysis.conclusion = Conclusion::kClean;
  EXPECT_EQ(Headline(input, 80),
            "No growth found. This run could have seen a leak of 3 MiB/h or more.");
}

TEST(TextReportTest, WhatGrowsWithoutProofIsNamedWithItsProbabilityAndTheTimeOfDecision) {
  ReportInput input = testing::LeakingInput();
  input.capture.process.start_realtime_ns = 0;
  input.analysis.conclusion = Conclusion::kGrows;
  SiteResult& site = input.analysis.sites[0];
  site.verdict = Verdict::kWatch;
  site.leak_probability = .6;
  site.decided_by_seconds = 740;
  EXPECT_THAT(Headline(input, 200), StartsWith("GROWS: "));
  EXPECT_THAT(Headline(input, 200), HasSubstr("60 % a leak"));
  const std::string text = OnOneLine(TextReport(input));
  EXPECT_THAT(text, HasSubstr("#1 watch, linear"));
  EXPECT_THAT(text,
              HasSubstr("a leak 60 %, decided by 12m 20s after the start (in 12m) if it goes on"));
}

TEST(TextReportTest, AShortRunIsInconclusiveNotClean) {
  ReportInput input = testing::LeakingInput();
  input.analysis.sites.clear();
  input.analysis.conclusion = Conclusion::kTooShort;
  input.analysis.inconclusive_because = "the run is too short (2s)";
  EXPECT_EQ(Headline(input, 80), "INCONCLUSIVE: the run is too short (2s)");
}

TEST(TextReportTest, EveryLossHasItsLine) {
  ReportInput input = testing::LeakingInput();
  for (uint64_t& loss : input.capture.losses) loss = 0;
  const size_t without = TextReport(input).size();
  for (uint64_t& loss : input.capture.losses) {
    loss = 1;
    EXPECT_GT(TextReport(input).size(), without + 30);
    loss = 0;
  }
}

TEST(TextReportTest, SaysThatTheRecorderWouldNotOutliveAKill) {
  ReportInput input = testing::LeakingInput();
  input.capture.process.recorder_was_anonymous = true;
  EXPECT_THAT(TextReport(input), HasSubstr("/dev/shm"));
}

TEST(TextReportTest, ExactFiguresHaveNoErrorAndASingleThingIsOne) {
  ReportInput input = testing::LeakingInput();
  input.capture.interval_now = input.capture.interval_min = input.capture.interval_max = 1;
  input.capture.samples_total = 1;
  input.capture.losses[capture::kTruncatedStacks] = 1;
  input.analysis.sites[0].live_bytes_error = 0;
  const std::string text = TextReport(input);
  EXPECT_THAT(text, HasSubstr("every allocation, 1 block, "));
  EXPECT_THAT(text, HasSubstr("1 stack was cut"));
  EXPECT_THAT(text, Not(HasSubstr("+-")));
  EXPECT_THAT(text, HasSubstr("in 4,000 blocks"));
}

}  // namespace
}  // namespace leaktrack
