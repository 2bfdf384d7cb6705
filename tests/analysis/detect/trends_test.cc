// SPDX-License-Identifier: Apache-2.0
//
// One program per class of growth, and beside each a null partner that looks similar and must not
// be accused.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>

#include "tests/analysis/one_site.h"

namespace leaktrack {
namespace {

using testing::AnalyzeOne;
using testing::kForever;
using testing::kHour;
using testing::kMinute;
using testing::Program;
using testing::Tally;
using testing::TallyOf;

constexpr int kSeeds = 10;
constexpr double kBlock = 1024;

// `blocks` births that live for ever, at a rate that is e^(gamma) times as high at the end as at
// the start.
void Tilted(Program& p, capture::SiteId site, int blocks, double gamma, double from = 0) {
  for (int i = 0; i < blocks; ++i) {
    const double u = p.Uniform(0, 1);
    const double place = std::abs(gamma) < 1e-9 ? u : std::log1p(u * std::expm1(gamma)) / gamma;
    p.Block(site, p.end_ms() * (from + (1 - from) * place), kForever, kBlock);
  }
}

TEST(TrendsTest, ALinearLeakIsCalledLinear) {
  const Tally tally =
      TallyOf(kSeeds, kHour, [](Program& p, capture::SiteId s) { Tilted(p, s, 4000, 0); });
  EXPECT_EQ(tally.grown, kSeeds);
  EXPECT_EQ(tally.Usual(), Trend::kLinear);
}

TEST(TrendsTest, ExponentialGrowthHasItsDoublingTime) {
  for (int seed = 0; seed < kSeeds; ++seed) {
    // e^6: it doubles every 60 min * ln 2 / 6 = 6 min 56 s.
    const Analysis analysis =
        AnalyzeOne(kHour, 300 + static_cast<uint64_t>(seed),
                   [](Program& p, capture::SiteId s) { Tilted(p, s, 6000, 6); });
    ASSERT_EQ(analysis.sites[0].trend, Trend::kExponential) << seed;
    EXPECT_NEAR(*analysis.sites[0].doubling_seconds / (kHour * std::log(2.0) / 6), 1, .15) << seed;
  }
}

TEST(TrendsTest, ARampIsAcceleratingNotExponential) {
  const Tally tally = TallyOf(kSeeds, kHour, [](Program& p, capture::SiteId s) {
    for (int i = 0; i < 6000; ++i)
      p.Block(s, p.end_ms() * std::sqrt(p.Uniform(0, 1)), kForever, kBlock);
  });
  EXPECT_EQ(tally.grown, kSeeds);
  EXPECT_EQ(tally.Usual(), Trend::kAccelerating);
}

TEST(TrendsTest, GrowthThatBeganLateSaysWhen) {
  for (int seed = 0; seed < kSeeds; ++seed) {
    Program p(kHour, 16384, 500 + static_cast<uint64_t>(seed));
    p.StartAt(1'700'000'000);  // 2023-11-14 22:13:20 UTC
    Tilted(p, p.Site({"malloc", "Grow", "main"}), 4000, 0, .5);
    const SiteResult site = Analyze(p.Build(), p.symbolizer).sites[0];
    EXPECT_TRUE(site.significant);
    EXPECT_EQ(site.trend, Trend::kLinear);
    ASSERT_TRUE(site.late_onset_seconds.has_value()) << seed;
    EXPECT_NEAR(*site.late_onset_seconds, kHour / 2, 90);
    EXPECT_EQ(site.evidence.since_seconds, *site.late_onset_seconds);
    // For the half hour in which it grew.
    EXPECT_NEAR(site.growth->mid / (4000 * kBlock * 2), 1, .3);
  }
}

TEST(TrendsTest, ALeakFromTheStartHasNoOnset) {
  const Analysis analysis =
      AnalyzeOne(kHour, 1, [](Program& p, capture::SiteId s) { Tilted(p, s, 4000, 0); });
  EXPECT_FALSE(analysis.sites[0].late_onset_seconds.has_value());
}

void Saw(Program& p, capture::SiteId s, double kept) {
  constexpr double kPeriodMs = 5 * 60e3;
  for (double t = 0; t < p.end_ms(); t += 150) {
    const bool stays = p.Uniform(0, 1) < kept;
    p.Block(s, t, stays ? kForever : (std::floor(t / kPeriodMs) + 1) * kPeriodMs, 4 * kBlock);
  }
}

TEST(TrendsTest, ASawWhoseTroughsRiseHasABaseRateAndTeeth) {
  const Analysis analysis =
      AnalyzeOne(kHour, 7, [](Program& p, capture::SiteId s) { Saw(p, s, .15); });
  const SiteResult& site = analysis.sites[0];
  EXPECT_TRUE(site.significant);
  ASSERT_EQ(site.trend, Trend::kSawtooth);
  constexpr double kBornPerHour = 24000 * 4 * kBlock;
  EXPECT_NEAR(site.sawtooth->base_bytes_per_hour / (.15 * kBornPerHour), 1, .25);
  EXPECT_NEAR(site.sawtooth->tooth_bytes / (.85 * kBornPerHour / 12), 1, .3);
}

TEST(TrendsTest, ASawWithAFlatBaseIsNotAccused) {
  const Tally tally = TallyOf(kSeeds, kHour, [](Program& p, capture::SiteId s) { Saw(p, s, 0); });
  EXPECT_EQ(tally.grown, 0);
  EXPECT_THAT(tally.Usual(), ::testing::AnyOf(Trend::kPeriodic, Trend::kBounded));
}

// Element k is served when there is capacity. `excess`: the share that arrives in excess of it.
void Queue(Program& p, capture::SiteId s, double excess) {
  for (double t = 0; t < p.end_ms(); t += p.Exponential(200))
    p.Block(s, t, t / (1 - excess) + p.Exponential(2e3), 4 * kBlock);
}

TEST(TrendsTest, AQueueThatDoesNotKeepUpIsABacklog) {
  const Tally tally =
      TallyOf(kSeeds, kHour, [](Program& p, capture::SiteId s) { Queue(p, s, .25); });
  EXPECT_EQ(tally.grown, kSeeds);
  EXPECT_EQ(tally.Usual(), Trend::kBacklog);
}

TEST(TrendsTest, AQueueThatKeepsUpIsNot) {
  const Tally tally = TallyOf(kSeeds, kHour, [](Program& p, capture::SiteId s) { Queue(p, s, 0); });
  EXPECT_EQ(tally.grown, 0);
}

TEST(TrendsTest, NoQueueIsSeenInARunThatIsTooShort) {
  const auto queue = [](Program& p, capture::SiteId s) {
    for (double t = 0; t < p.end_ms(); t += p.end_ms() / 5000)
      p.Block(s, t, t / .75 + p.Exponential(p.end_ms() / 1800), kBlock);
  };
  EXPECT_TRUE(AnalyzeOne(11, 7, queue, 1).sites[0].significant);
  EXPECT_FALSE(AnalyzeOne(9, 7, queue, 1).sites[0].significant);
}

TEST(TrendsTest, SessionsUnderALoadThatRisesAreNoBacklog) {
  const Tally tally = TallyOf(kSeeds, kHour, [](Program& p, capture::SiteId s) {
    for (int i = 0; i < 18000; ++i) {
      const double t = p.end_ms() * std::sqrt(p.Uniform(0, 1));
      p.Block(s, t, t + p.Exponential(120e3), 4 * kBlock);
    }
  });
  EXPECT_EQ(tally.grown, 0);
}

// A std::vector: a new block, a copy, and the old block is freed. No realloc links them.
void Vector(Program& p, capture::SiteId s, double first_ms, double until_ms) {
  double size = 128 * kBlock;
  for (double birth = first_ms; birth < p.end_ms(); birth *= 2, size *= 2) {
    const bool last = 2 * birth >= until_ms;
    p.Block(s, birth, last ? kForever : 2 * birth + 2, size);
    if (last) break;
  }
}

TEST(TrendsTest, AVectorThatGrowsByCopyingIsAContainer) {
  const Analysis analysis =
      AnalyzeOne(kHour, 3, [](Program& p, capture::SiteId s) { Vector(p, s, 30e3, p.end_ms()); });
  EXPECT_TRUE(analysis.sites[0].significant);
  EXPECT_EQ(analysis.sites[0].trend, Trend::kContainer);
}

TEST(TrendsTest, AVectorThatHasFoundItsSizeIsNot) {
  const Analysis analysis =
      AnalyzeOne(kHour, 3, [](Program& p, capture::SiteId s) { Vector(p, s, 30e3, 600e3); });
  EXPECT_FALSE(analysis.sites[0].significant);
}

// Blocks that each last for as long as they are large, from 4 KiB on, at 4 KiB/s.
void Arena(Program& p, capture::SiteId s, double until_ms) {
  double at = 0;
  for (double size = 4096; at < until_ms; size *= 1.5) {
    p.Block(s, at, kForever, size);
    at += size / 4096 * 1e3;
  }
}

TEST(TrendsTest, AnArenaWhoseBlocksGetEverLargerIsASuspectWithItsRate) {
  for (uint64_t seed = 0; seed < kSeeds; ++seed) {
    const Analysis analysis = AnalyzeOne(
        kHour, 700 + seed, [](Program& p, capture::SiteId s) { Arena(p, s, p.end_ms()); });
    const SiteResult& site = analysis.sites[0];
    EXPECT_EQ(site.verdict, Verdict::kSuspect);
    EXPECT_EQ(site.trend, Trend::kContainer);
    ASSERT_TRUE(site.evidence.container);
    EXPECT_NEAR(site.evidence.container->arena_ratio, 1.5, .01);
    EXPECT_NEAR(site.growth->mid / (4096 * 3600), 1, .05);
  }
}

TEST(TrendsTest, AnArenaThatHasLongEnoughIsNoSuspect) {
  const Analysis analysis =
      AnalyzeOne(kHour, 720, [](Program& p, capture::SiteId s) { Arena(p, s, p.end_ms() / 20); });
  EXPECT_LT(analysis.sites[0].verdict, Verdict::kSuspect);
}

TEST(TrendsTest, BlocksOfAllSizesThatLiveOnAreNoArena) {
  for (uint64_t seed = 0; seed < kSeeds; ++seed) {
    const Analysis analysis = AnalyzeOne(kHour, 740 + seed, [](Program& p, capture::SiteId s) {
      for (int i = 0; i < 9; ++i)
        p.Block(s, p.Uniform(0, p.end_ms()), kForever, std::exp(p.Uniform(10, 15)));
    });
    EXPECT_LT(analysis.sites[0].verdict, Verdict::kSuspect) << seed;
  }
}

TEST(TrendsTest, ARunOfHalfASecondHasNoContainer) {
  const Analysis analysis =
      AnalyzeOne(.5, 3, [](Program& p, capture::SiteId s) { Vector(p, s, 4, p.end_ms()); });
  EXPECT_FALSE(analysis.sites[0].significant);
}

TEST(TrendsTest, BuffersOfAllSizesAreNoContainerWhateverFollowsWhat) {
  const Tally tally = TallyOf(kSeeds, kHour, [](Program& p, capture::SiteId s) {
    for (double t = 0; t < p.end_ms(); t += p.Exponential(500)) {
      p.Block(s, t, t + p.Exponential(60e3), 128 * kBlock * std::exp2(p.Uniform(0, 6)));
    }
  });
  EXPECT_EQ(tally.grown, 0);
}

TEST(TrendsTest, WhatFillsOrHappenedOnceIsNamedAndNotAccused) {
  struct Case {
    Trend trend;
    testing::Fill fill;
  };
  const Case cases[] = {
      {Trend::kStartup,
       [](Program& p, capture::SiteId s) { p.Stream(s, 100, kBlock, kForever, 0, 60); }},
      {Trend::kStep,
       [](Program& p, capture::SiteId s) { p.Stream(s, 300, kBlock, kForever, 1800, 1802); }},
      {Trend::kPlateau,
       [](Program& p, capture::SiteId s) { p.Stream(s, 5, kBlock, kForever, 0, 1500); }},
      {Trend::kDecelerating, [](Program& p, capture::SiteId s) { Tilted(p, s, 6000, -2.5); }},
      {Trend::kBounded,
       [](Program& p, capture::SiteId s) {
         for (double t = 0; t < p.end_ms(); t += 100) p.Block(s, t, t + 600e3, kBlock);
       }},
      {Trend::kChurn, [](Program& p, capture::SiteId s) { p.Stream(s, 40, kBlock, 240); }},
      {Trend::kInsufficient,
       [](Program& p, capture::SiteId s) { p.Stream(s, .03, kBlock, kForever); }},
  };
  for (const Case& one : cases) {
    const Tally tally = TallyOf(kSeeds, kHour, one.fill);
    EXPECT_EQ(tally.grown, 0) << static_cast<int>(one.trend);
    EXPECT_EQ(tally.Usual(), one.trend);
  }
}

TEST(TrendsTest, TooShortARunSaysWhatLengthWouldDo) {
  const Analysis analysis = AnalyzeOne(
      kMinute, 5, [](Program& p, capture::SiteId s) { p.Stream(s, 3.5, kBlock, kForever); });
  ASSERT_EQ(analysis.sites[0].trend, Trend::kInsufficient);
  EXPECT_EQ(analysis.sites[0].settle.by, Settles::kMoreBlocks);
  EXPECT_GE(analysis.sites[0].settle.seconds, 120);
}

TEST(TrendsTest, APartialLeakSaysItsShare) {
  const Analysis analysis = AnalyzeOne(kHour, 9, [](Program& p, capture::SiteId s) {
    p.Stream(s, 40, kBlock, 3);
    p.Stream(s, 2, kBlock, kForever);
  });
  EXPECT_TRUE(analysis.sites[0].significant);
  EXPECT_NEAR(*analysis.sites[0].leaked_share, 2.0 / 42, .02);
}

TEST(TrendsTest, LooksThatAreASecondApartMakeNoTeeth) {
  const Analysis analysis = AnalyzeOne(
      15, 4,
      [](Program& p, capture::SiteId s) {
        p.Stream(s, 2000, 200, .2);
        p.Stream(s, 20, 200, kForever);
      },
      1);
  EXPECT_TRUE(analysis.sites[0].significant);
  EXPECT_EQ(analysis.sites[0].trend, Trend::kLinear);
}

}  // namespace
}  // namespace leaktrack
