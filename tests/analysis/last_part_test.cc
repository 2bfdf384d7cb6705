// SPDX-License-Identifier: Apache-2.0
//
// What may be said about a run from its last part alone: no more than a run of that length allows.
#include "tools/analysis/last_part.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <limits>

#include "tests/analysis/synthetic.h"
#include "tools/analysis/analyze.h"

namespace leaktrack {
namespace {

using testing::kForever;
using ::testing::Not;
using testing::Program;

constexpr double kInterval = 16384;
constexpr uint64_t kHourMs = 3'600'000;

bool Grows(const Analysis& analysis) {
  return std::ranges::any_of(analysis.sites,
                             [](const SiteResult& site) { return site.significant; });
}

Analysis Last(Program& program, uint64_t window_ms) {
  const capture::Capture capture = program.Build();
  return AnalyzeLast(capture, window_ms, program.symbolizer);
}

Program Leaking(double from_seconds, double to_seconds) {
  Program program(4 * 3600, kInterval, 8101);
  program.Stream(program.Site({"malloc", "Grow", "main"}), 20, 1024, kForever, from_seconds,
                 to_seconds);
  return program;
}

TEST(LastPartTest, FindsALeakThatIsStillGoingOn) {
  Program program = Leaking(0, -1);
  const Analysis last = Last(program, kHourMs), all = Last(program, 100 * kHourMs);
  EXPECT_TRUE(Grows(last));
  EXPECT_EQ(last.window_seconds, 3600);
  EXPECT_EQ(last.duration_seconds, 4 * 3600);
  EXPECT_FALSE(all.window_seconds.has_value());
  EXPECT_NEAR(last.sites[0].growth->mid, 20 * 1024 * 3600, .15 * 20 * 1024 * 3600);
}

TEST(LastPartTest, WhatIsAliveAndHowOldItIsStaysThatOfTheWholeRun) {
  Program program = Leaking(0, -1);
  const Analysis last = Last(program, kHourMs), all = Last(program, 100 * kHourMs);
  EXPECT_DOUBLE_EQ(last.sites[0].live_bytes, all.sites[0].live_bytes);
  EXPECT_DOUBLE_EQ(last.sites[0].born_bytes, all.sites[0].born_bytes);
  EXPECT_DOUBLE_EQ(last.sites[0].oldest_seconds, all.sites[0].oldest_seconds);
  EXPECT_DOUBLE_EQ(last.memory.live_heap_bytes, all.memory.live_heap_bytes);
}

TEST(LastPartTest, AccusesNobodyForWhatGrewBeforeTheWindow) {
  Program program = Leaking(0, 2.5 * 3600);
  const Analysis last = Last(program, kHourMs);
  EXPECT_FALSE(Grows(last));
  EXPECT_EQ(last.conclusion, Conclusion::kClean);
  EXPECT_FALSE(last.total_growth.has_value() && last.total_growth->mid > 0);
}

// In balance since the second hour. No block that is born in the window grows old enough to die in
// it.
TEST(LastPartTest, DeathsOfOlderBlocksClearACacheWhoseBlocksOutliveTheWindow) {
  Program program(8 * 3600, kInterval, 8102);
  const capture::SiteId site = program.Site({"malloc", "Cache", "main"});
  for (double t = 0; t < 8 * 3600e3; t += 50) program.Block(site, t, t + 2 * 3600e3, 1024);
  const Analysis last = Last(program, kHourMs);
  EXPECT_FALSE(Grows(last)) << static_cast<int>(last.sites[0].trend);
}

// Whatever the age at which blocks die, at random or in turn: births and deaths are in balance.
TEST(LastPartTest, AccusesNoCacheInBalanceForItsLastHour) {
  uint64_t seed = 8200;
  for (const double life : {60.0, 600.0, 3600.0, 2 * 3600.0, 5 * 3600.0}) {
    for (const bool in_turn : {false, true}) {
      Program program(8 * 3600, kInterval, ++seed);
      const capture::SiteId site = program.Site({"malloc", "Cache", "main"});
      for (double t = 0; t < 8 * 3600e3; t += program.Exponential(50)) {
        program.Block(site, t,
                      t + (in_turn ? life * 1e3 * program.Uniform(.98, 1.02)
                                   : program.Exponential(life * 1e3)),
                      1024);
      }
      for (const uint64_t window_ms : {kHourMs / 4, kHourMs}) {
        const Analysis last = Last(program, window_ms);
        EXPECT_FALSE(Grows(last)) << life << " s, in turn: " << in_turn << ": "
                                  << static_cast<int>(last.sites[0].trend);
      }
    }
  }
}

TEST(LastPartTest, TheVerdictIsAsSureAsTheWindowIsLong) {
  Program program = Leaking(0, -1);
  const SiteResult minutes = Last(program, 300'000).sites[0],
                   hours = Last(program, 3 * kHourMs).sites[0];
  EXPECT_LT(minutes.leak_probability.value(), hours.leak_probability.value());
  const Analysis brief = Last(program, 2'000);
  EXPECT_EQ(brief.conclusion, Conclusion::kTooShort);
  EXPECT_EQ(brief.doubts.doubt, Doubt::kWindowTooShort);
  EXPECT_EQ(brief.doubts.seconds, 2);
}

TEST(LastPartTest, TimesAreThoseOfTheRun) {
  Program program(4 * 3600, kInterval, 8103);
  program.StartAt(1'000'000'000);  // 2001-09-09 01:46:40Z
  program.Stream(program.Site({"malloc", "Late", "main"}), 40, 1024, kForever, 3.5 * 3600);
  const Analysis last = Last(program, kHourMs);
  ASSERT_TRUE(Grows(last));
  ASSERT_TRUE(last.sites[0].late_onset_seconds.has_value());
  EXPECT_NEAR(*last.sites[0].late_onset_seconds, 3.5 * 3600, 120);
  EXPECT_EQ(last.sites[0].evidence.since_seconds, *last.sites[0].late_onset_seconds);
}

TEST(LastPartTest, CountersBeginWithWhatWasAliveAndEndWithWhatIs) {
  Program program = Leaking(0, -1);
  program.Stream(program.Site({"malloc", "Churn", "main"}), 50, 1024, 60);
  const capture::Capture whole = program.Build();
  const capture::Capture part = LastPart(whole, 3 * kHourMs);
  const auto net = [](const capture::Capture& capture) {
    double bytes = 0;
    for (const capture::CellSeries& series : capture.cells) {
      bytes += (series.band == capture::kBandBirths ? 1 : -1) * series.points.back().bytes;
    }
    return bytes;
  };
  EXPECT_NEAR(net(part), net(whole), 1e-6 * net(whole));
  EXPECT_EQ(part.duration_ms, kHourMs);
  for (const capture::CellSeries& series : part.cells) {
    uint64_t time_ms = 0, samples = 0;
    for (const capture::CellPoint& point : series.points) {
      EXPECT_TRUE(point.time_ms > time_ms || &point == &series.points.front());
      EXPECT_GE(point.samples, samples);
      time_ms = point.time_ms;
      samples = point.samples;
    }
    EXPECT_LE(time_ms, kHourMs);
  }
}

TEST(LastPartTest, ANonsenseCaptureIsNoReasonToFail) {
  capture::Capture capture;
  capture.duration_ms = 1'000'000;
  constexpr uint64_t kMost = std::numeric_limits<uint64_t>::max();
  capture.cells.push_back(
      {1,
       capture::kBandBirths,
       {{5, kMost, 1e300, 1e300, 1e300, 1e300}, {kMost, 0, -1e300, -1, -1, -1}}});
  capture.cells.push_back(
      {1, capture::kBandLast, {{1, kMost, 0, 0, 0, 0}, {999'999, 3, 1, 1, 1, 1}}});
  capture.survivors.push_back({1, 1, 1, kMost, kMost, 0, 1});
  capture.kept_deaths.push_back({1, 1, 1, kMost, 0, 0, 1});
  testing::FakeSymbolizer symbolizer;
  EXPECT_EQ(AnalyzeLast(capture, 500'000, symbolizer).window_seconds, 500);
}

}  // namespace
}  // namespace leaktrack
