// SPDX-License-Identifier: Apache-2.0
#include "tools/report/text/text_report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
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

// Each run of white space is one blank, so that it does not matter where lines break.
std::string OnOneLine(const std::string& text) {
  std::istringstream words(text);
  std::string line;
  for (std::string word; words >> word;) line += (line.empty() ? "" : " ") + word;
  return line;
}

TEST(TextReportTest, TheVerdictIsInTheFirstLine) {
  const std::string first = Headline(testing::LeakingInput(), 80);
  EXPECT_THAT(first, StartsWith("LEAK?   "));
  EXPECT_THAT(first, HasSubstr("grows 24.8 MiB/min"));
}

TEST(TextReportTest, TheReportBeginsWithTheAnswerAndTheNameUncut) {
  const std::string text = TextReport(testing::LeakingInput());
  EXPECT_THAT(text, StartsWith("LEAK?   very_long_namespace_name::worker_loop_of_the_service at "));
  EXPECT_THAT(text.substr(text.find('\n') + 1), StartsWith("        "));
}

TEST(TextReportTest, FitsThePageWhateverTheNames) {
  for (const size_t columns : {60u, 80u, 120u}) {
    TextOptions options;
    options.columns = columns;
    ExpectFits(TextReport(testing::LeakingInput(), options), columns);
  }
}

TEST(TextReportTest, GrowthThatBelongsToNoSiteHasALineAndTheNearestCaller) {
  ReportInput input = testing::LeakingInput();
  EXPECT_THAT(OnOneLine(TextReport(input, {})), Not(HasSubstr("Unplaced")));
  const double per_hour = 600.0 * (1 << 20);
  input.analysis.memory.unplaced_growth = Rate{per_hour, .9 * per_hour, 1.1 * per_hour};
  EXPECT_THAT(OnOneLine(TextReport(input, {})),
              HasSubstr("Unplaced 10 MiB/min (90 % range: 9 to 11) of resident memory "
                        "belong to no site; no call that was seen"));
  input.analysis.memory.nearest_site = 7;
  EXPECT_THAT(OnOneLine(TextReport(input, {})), HasSubstr("nearest caller known: "));
  EXPECT_THAT(OnOneLine(TextReport(input, {})), HasSubstr(" (site 7), which has mapped "));
  input.analysis.memory.nearest_site = 99;
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
  EXPECT_THAT(text, HasSubstr("2 stacks"));
  EXPECT_THAT(text, HasSubstr("killed"));
}

TEST(TextReportTest, FilesWithoutNamesAreOneLineUnlessAllIsAskedFor) {
  ReportInput input = testing::LeakingInput();
  for (int i = 0; i < 9; ++i) input.missing.push_back({"/usr/lib/libother.so", "cafe02", "no", ""});
  const std::string text = TextReport(input);
  EXPECT_THAT(OnOneLine(text), HasSubstr("Symbols 10 files lack names or lines (libgone.so.1, "));
  EXPECT_THAT(text, Not(HasSubstr("cafe01")));
  EXPECT_THAT(text, Not(HasSubstr("/usr/lib/libgone")));
  TextOptions options;
  options.verbose = true;
  EXPECT_THAT(TextReport(input, options), HasSubstr("build-id cafe01"));
}

TEST(TextReportTest, ServersThatWereToBeAskedAndDidNotAnswerAreToldOnce) {
  ReportInput input = testing::LeakingInput();
  EXPECT_THAT(OnOneLine(TextReport(input)), HasSubstr("or try --debuginfod; --verbose"));
  input.missing.push_back({"/usr/lib/libother.so", "cafe02", "stripped", "install it",
                           "--debuginfod: the servers could not be asked"});
  const std::string text = OnOneLine(TextReport(input));
  EXPECT_THAT(text, HasSubstr("): --debuginfod: the servers could not be asked; --verbose"));
  EXPECT_THAT(text, Not(HasSubstr("try --debuginfod")));
  const std::string all = OnOneLine(TextReport(input, {.verbose = true}));
  EXPECT_THAT(all, HasSubstr("stripped; --debuginfod: the servers could not be asked (build-id "));
}

TEST(TextReportTest, AWordOfTheAnalysisIsExplainedWhereItFirstStands) {
  ReportInput input = testing::LeakingInput();
  SiteResult other = input.analysis.sites[0];
  other.sites = {9};
  other.stack.Change([](auto& frames) { frames[1].function = "Other(int)"; });
  input.analysis.sites.push_back(other);
  const std::string text = OnOneLine(TextReport(input));
  const size_t first = text.find("suspect: most likely");
  EXPECT_NE(first, std::string::npos);
  EXPECT_EQ(text.find("suspect: most likely", first + 1), std::string::npos);
}

TEST(TextReportTest, FiguresOfTheMemoryAccountHaveOneUnit) {
  ReportInput input = testing::LeakingInput();
  MemoryResult& memory = input.analysis.memory;
  memory.rss_bytes = 13 << 20;
  memory.parts = {{MemoryPartKind::kLiveHeap, 6.7 * (1 << 20), Rate{9e7, 8e7, 1e8}},
                  {MemoryPartKind::kRetained, 24 << 10, Rate{2e6, 1e6, 3e6}}};
  const std::string text = TextReport(input);
  EXPECT_THAT(text, HasSubstr("6.7 MiB  +1.4 MiB/min\n"));
  EXPECT_THAT(text, HasSubstr(" < 0.1 MiB  < 0.1 MiB/min\n"));
}

TEST(TextReportTest, TheLargestHoldersAreListedThoughSomebodyElseIsAccused) {
  ReportInput input = testing::LeakingInput();
  SiteResult holder = input.analysis.sites[0];
  holder.sites = {9};
  holder.verdict = Verdict::kNone;
  holder.trend = Trend::kStartup;
  holder.live_bytes = 384 << 20;
  holder.stack.Change([](auto& frames) { frames[1].function = "OpenStream(int)"; });
  input.analysis.sites.push_back(holder);
  EXPECT_THAT(TextReport(input), HasSubstr("384.0 MiB  OpenStream at service.cc:41"));
}

TEST(TextReportTest, MoreThreadsAreToldWithWhoStartsThem) {
  ReportInput input = testing::LeakingInput();
  MemoryResult& memory = input.analysis.memory;
  memory.rss_bytes = 13 << 20;
  memory.threads = 452;
  memory.threads_growth = Rate{36'000, 35'900, 36'100};
  memory.thread_starter = ThreadStarter{SiteNumber(input.analysis.sites[0]), 450};
  const std::string text = OnOneLine(TextReport(input));
  EXPECT_THAT(text, HasSubstr("Threads 452 live, 600/min more; most were started by "));
  memory.threads = 2;
  memory.threads_growth.reset();
  EXPECT_THAT(OnOneLine(TextReport(input)),
              HasSubstr("2 live; about 448 more have ended and were never joined"));
  // The C library keeps some stacks for the next thread; those do not add up.
  memory.parts = {{MemoryPartKind::kRest, 1 << 20, Rate{0, -1, 1}}};
  EXPECT_THAT(OnOneLine(TextReport(input)), Not(HasSubstr("never joined")));
}

TEST(TextReportTest, WhoWasOomKilledIsToldSoOnTheFirstScreenAndHasNoFuture) {
  ReportInput input = testing::LeakingInput();
  input.capture.oom_kill =
      capture::OomKill{capture::OomWitness::kKernelLog, capture::OomScope::kCgroup, "/pod",
                       300 << 20, 1'796'050'375'900'000'000};
  input.analysis.process.odds = {{3600, 1}};
  input.analysis.process.seconds_mid = 1;
  const std::string text = OnOneLine(TextReport(input));
  EXPECT_THAT(text, HasSubstr("ENDED OOM-killed at 14:52:55 UTC by the limit of 300 MiB of /pod"));
  EXPECT_THAT(text, Not(HasSubstr("FULL")));
}

TEST(TextReportTest, WhatIsSteadyHasNoGrowthBesideIt) {
  ReportInput input = testing::LeakingInput();
  MemoryResult& memory = input.analysis.memory;
  memory.memory_class = MemoryClass::kSteady;
  memory.rss_bytes = 38 << 20;
  memory.rss_growth = Rate{100 << 10, 50 << 10, 200 << 10};
  const std::string text = OnOneLine(TextReport(input));
  EXPECT_THAT(text, HasSubstr("resident memory is steady at 38 MiB (within 200 KiB/h)"));
  EXPECT_THAT(text, Not(HasSubstr("+100 KiB/h")));
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
  EXPECT_EQ(Headline(input, 120),
            "OK      no growth was found in the heap; resident memory was not read often enough "
            "to tell");
  input.analysis.memory.rss_growth = Rate{0, -1, 1};
  EXPECT_EQ(Headline(input, 80), "OK      no growth was found");
  EXPECT_THAT(
      OnOneLine(TextReport(input)),
      HasSubstr("a leak of 3 MiB/h or more at one place would have been found (80 % power)"));
}

TEST(TextReportTest, WhatGrowsWithoutProofIsNamedWithItsProbabilityAndTheTimeOfDecision) {
  ReportInput input = testing::LeakingInput();
  input.capture.process.start_realtime_ns = 0;
  input.capture.running = true;
  input.analysis.conclusion = Conclusion::kGrows;
  SiteResult& site = input.analysis.sites[0];
  site.verdict = Verdict::kWatch;
  site.leak_probability = .6;
  site.decided_by_seconds = 740;
  EXPECT_THAT(Headline(input, 200), StartsWith("GROWS   very_long_namespace_name"));
  const std::string text = OnOneLine(TextReport(input));
  EXPECT_THAT(text, HasSubstr("#1 watch, linear"));
  EXPECT_THAT(text,
              HasSubstr("leak? 60 % that this is a leak; decided by 12m 20s after the start if it "
                        "goes on"));
}

TEST(TextReportTest, AShortRunIsInconclusiveNotClean) {
  ReportInput input = testing::LeakingInput();
  input.analysis.sites.clear();
  input.analysis.conclusion = Conclusion::kTooShort;
  input.analysis.doubts = {Doubt::kRunTooShort, 0, 2};
  EXPECT_EQ(Headline(input, 80), "UNCLEAR the run is too short (2s; at least 10s)");
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
