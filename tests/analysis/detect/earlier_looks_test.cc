// SPDX-License-Identifier: Apache-2.0
//
// Several looks at one run, the work clock, and programs that tidy up before they exit.
#include "tools/analysis/detect/earlier_looks.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <string>

#include "tests/analysis/one_site.h"

namespace leaktrack {
namespace {

using testing::AnalyzeOne;
using testing::kForever;
using testing::kHour;
using testing::Program;
using testing::Tally;
using testing::TallyOf;

constexpr int kSeeds = 10;
constexpr double kBlock = 1024;

// ---- Looks ----

TEST(EarlierLooksTest, AHistoryAsOfAMomentIsTheHistoryOfARunThatEndedThen) {
  // Two programs with the same blocks, one of them cut off at 20 minutes. Exact, so that nothing is
  // left to chance.
  const auto fill = [](Program& p, capture::SiteId s) {
    for (int i = 0; i < 3000; ++i) {
      const double birth = i * 1200.0;
      p.Block(s, birth, birth + (i % 7) * 90e3 + 31e3, 100 + i % 50);
    }
  };
  Program whole(kHour, 1, 1), part(kHour / 3, 1, 1);
  const capture::SiteId s = whole.Site({"malloc", "Grow"});
  fill(whole, s);
  fill(part, part.Site({"malloc", "Grow"}));
  const double end = kHour / 3 * 1e3;
  const SiteHistory then = AsOf(GatherHistories(whole.Build(), kHour * 1e3).at(s), end - 1);
  const SiteHistory now = GatherHistories(part.Build(), end).at(1);
  ASSERT_EQ(then.survivors.size(), now.survivors.size());
  ASSERT_EQ(then.dead.size(), now.dead.size());
  for (size_t i = 0; i < now.survivors.size(); ++i) {
    EXPECT_EQ(then.survivors[i].birth_ms, now.survivors[i].birth_ms);
    EXPECT_EQ(then.survivors[i].size, now.survivors[i].size);
  }
}

TEST(EarlierLooksTest, ALeakIsNewInAnHourAndConfirmedAfterFive) {
  for (const double hours : {1.0, 5.0}) {
    const Analysis analysis = AnalyzeOne(hours * kHour, 11, [](Program& p, capture::SiteId s) {
      for (int i = 0; i < 6000; ++i) p.Block(s, p.Uniform(0, p.end_ms()), kForever, kBlock);
    });
    EXPECT_TRUE(analysis.sites[0].significant);
    EXPECT_EQ(analysis.sites[0].state, hours > 4 ? State::kConfirmed : State::kNew);
  }
}

TEST(EarlierLooksTest, WhatGrewAtTenMinutesAndStoppedIsRetractedAndSaysWhereItStopped) {
  const Analysis analysis = AnalyzeOne(4 * kHour, 12, [](Program& p, capture::SiteId s) {
    p.Stream(s, 8, kBlock, kForever, 0, 1800);  // 14 MiB in half an hour
  });
  const SiteResult& site = analysis.sites[0];
  EXPECT_EQ(site.verdict, Verdict::kNone);
  ASSERT_EQ(site.state, State::kRetracted);
  EXPECT_NEAR(site.plateau->bytes / (8 * 1800 * kBlock), 1, .15);
  EXPECT_NEAR(site.plateau->after_seconds, 1800 * .95, 120);
}

TEST(EarlierLooksTest, WhatNeverGrewHasNothingToRetract) {
  const Analysis analysis = AnalyzeOne(4 * kHour, 13, [](Program& p, capture::SiteId s) {
    p.Stream(s, 40, kBlock, 20);
    p.Stream(s, 100, kBlock, kForever, 0, 20);
  });
  EXPECT_EQ(analysis.sites[0].state, State::kNew);
  EXPECT_FALSE(analysis.sites[0].plateau.has_value());
}

TEST(EarlierLooksTest, WhileManyFunctionsGrowAtOnceNothingIsConfirmed) {
  for (const int functions : {3, 12}) {
    Program program(5 * kHour, 16384, 14);
    for (int i = 0; i < functions; ++i) {
      program.Stream(program.Site({"malloc", "Grow" + std::to_string(i), "main"}), .3, kBlock,
                     kForever);
    }
    const Analysis analysis = Analyze(program.Build(), program.symbolizer);
    EXPECT_EQ(analysis.warming_up, functions > 5);
    EXPECT_EQ(analysis.sites[0].state, functions > 5 ? State::kNew : State::kConfirmed);
  }
}

// ---- The work clock ----

// Requests come by day and rest by night. `at` maps evenly spread work to time.
double ByNight(const Program& p, double u) {
  // The load is 1 + .9 cos over two periods. Its integral is inverted by bisection.
  double low = 0, high = 1;
  for (int i = 0; i < 40; ++i) {
    const double mid = (low + high) / 2;
    (mid + .9 * std::sin(4 * M_PI * mid) / (4 * M_PI) < u ? low : high) = mid;
  }
  return low * p.end_ms();
}

// Load that dies out: nine tenths of the requests come in the first third.
double DyingOut(const Program& p, double u) {
  return p.end_ms() * (u < .9 ? u / .9 / 3 : 1.0 / 3 + (u - .9) / .1 * 2 / 3);
}

TEST(WorkClockTest, ALeakPerRequestIsFoundUnderALoadThatDiesOut) {
  const auto run = [](bool leak) {
    return TallyOf(kSeeds, kHour, [=](Program& p, capture::SiteId s) {
      const capture::SiteId requests = p.Site({"malloc", "ParseRequest", "main"});
      for (int i = 0; i < 40000; ++i) {
        const double t = DyingOut(p, p.Uniform(0, 1));
        p.Block(requests, t, t + p.Exponential(50), 4 * kBlock);
        if (i % 8 == 0) p.Block(s, t, leak ? kForever : t + p.Exponential(200e3), kBlock);
      }
    });
  };
  const Tally leaking = run(true);
  EXPECT_GE(leaking.grown, kSeeds - 1);
  const Tally healthy = run(false);
  EXPECT_EQ(healthy.grown, 0);
}

TEST(WorkClockTest, ALeakUnderADailyLoadIsFoundAndCalledLinear) {
  const Tally tally = TallyOf(kSeeds, kHour, [](Program& p, capture::SiteId s) {
    const capture::SiteId requests = p.Site({"malloc", "ParseRequest", "main"});
    for (int i = 0; i < 30000; ++i) {
      const double t = ByNight(p, p.Uniform(0, 1));
      p.Block(requests, t, t + p.Exponential(50), 4 * kBlock);
      if (i % 20 == 0) p.Block(s, t, kForever, kBlock);
    }
  });
  EXPECT_EQ(tally.grown, kSeeds);
  EXPECT_EQ(tally.Usual(), Trend::kLinear);
}

TEST(WorkClockTest, ACacheIsNotItsOwnClock) {
  // The only allocations are a cache that fills more and more slowly. By its own bytes it would
  // seem steady.
  const Tally tally = TallyOf(kSeeds, kHour, [](Program& p, capture::SiteId s) {
    for (int i = 0; i < 20000; ++i) p.Block(s, p.Exponential(p.end_ms() / 4), kForever, kBlock);
  });
  EXPECT_EQ(tally.grown, 0);
}

TEST(WorkClockTest, TwentyStepsOfCountedWorkMakeASuspectOfAShortRun) {
  for (const bool counted : {false, true}) {
    const Analysis analysis = AnalyzeOne(60, 15, [&](Program& p, capture::SiteId s) {
      for (int i = 0; counted && i < 60; ++i) p.CountWork(i * 1000.0, 10 * (i + 1));
      p.Stream(s, 100, kBlock, kForever);
    });
    EXPECT_EQ(analysis.sites[0].verdict, counted ? Verdict::kSuspect : Verdict::kWatch);
  }
}

// ---- Freed at exit ----

TEST(ShutdownTest, GrowthThatIsFreedAtExitIsReportedForWhatItWas) {
  const Tally tally = TallyOf(kSeeds, kHour, [](Program& p, capture::SiteId s) {
    for (int i = 0; i < 5000; ++i) p.Block(s, p.Uniform(0, p.end_ms()), p.end_ms() - 400, kBlock);
  });
  EXPECT_EQ(tally.grown, kSeeds);
  const Analysis analysis = AnalyzeOne(kHour, 1, [](Program& p, capture::SiteId s) {
    for (int i = 0; i < 5000; ++i) p.Block(s, p.Uniform(0, p.end_ms()), p.end_ms() - 400, kBlock);
  });
  EXPECT_TRUE(analysis.sites[0].freed_at_exit);
  EXPECT_EQ(analysis.sites[0].live_bytes, 0);
  EXPECT_NEAR(analysis.sites[0].growth->mid / (5000 * kBlock), 1, .3);
  EXPECT_LT(analysis.judged_seconds, analysis.duration_seconds);
}

TEST(ShutdownTest, AShortRunIsJudgedBeforeItsEndToo) {
  // All deaths of these twenty seconds are young, so they are only counted, by age band.
  const Tally tally = TallyOf(kSeeds, 20, [](Program& p, capture::SiteId s) {
    for (int i = 0; i < 5000; ++i) p.Block(s, p.Uniform(0, 19.4e3), 19.5e3, kBlock);
  });
  EXPECT_EQ(tally.grown, kSeeds);
}

TEST(ShutdownTest, ALastLookThatFollowsTheOneBeforeAtOnceKeepsThemApart) {
  // The two are fifty milliseconds apart. Blocks that died between them did not die before.
  const Tally tally = TallyOf(kSeeds, 20.05, [](Program& p, capture::SiteId s) {
    for (int i = 0; i < 5000; ++i) p.Block(s, p.Uniform(0, 19.9e3), 20.02e3, kBlock);
  });
  EXPECT_EQ(tally.grown, kSeeds);
}

TEST(ShutdownTest, AnIndexThatWasBuiltAtTheStartAndIsFreedAtExitIsNoGrowth) {
  const Tally tally = TallyOf(kSeeds, kHour, [](Program& p, capture::SiteId s) {
    for (int i = 0; i < 20000; ++i) p.Block(s, p.Uniform(0, 100e3), p.end_ms() - 400, kBlock);
    p.Stream(s, 40, kBlock, 5);
  });
  EXPECT_EQ(tally.grown, 0);
}

TEST(ShutdownTest, AKilledRunHasNoShutdown) {
  Program p(kHour, 16384, 3);
  const capture::SiteId s = p.Site({"malloc", "Grow", "main"});
  for (int i = 0; i < 5000; ++i) p.Block(s, p.Uniform(0, p.end_ms()), p.end_ms() - 400, kBlock);
  capture::Capture capture = p.Build();
  capture.end_state = capture::RunState::kKilled;
  const Analysis analysis = Analyze(capture, p.symbolizer);
  EXPECT_EQ(analysis.judged_seconds, analysis.duration_seconds);
  EXPECT_FALSE(analysis.sites[0].freed_at_exit);
}

}  // namespace
}  // namespace leaktrack
