// SPDX-License-Identifier: Apache-2.0
//
// What is lost in equal bursts, and what only looks so.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>

#include "tests/analysis/one_site.h"

namespace leaktrack {
namespace {

using testing::AnalyzeOne;
using testing::kForever;
using testing::Program;

constexpr double kReload = 20e3;  // ms from one to the next
constexpr int kBlocks = 4000;     // 400 bytes each, at 16 KiB: a hundred samples

// What a reload makes, over 30 ms.
void Burst(Program& p, capture::SiteId site, double at_ms, double death_ms = kForever,
           int blocks = kBlocks) {
  for (int i = 0; i < blocks; ++i) p.Block(site, at_ms + p.Uniform(0, 30), death_ms, 400);
}

SiteResult Reloads(double seconds, uint64_t seed, bool loads_at_start) {
  const Analysis analysis = AnalyzeOne(seconds, seed, [&](Program& p, capture::SiteId s) {
    for (double at = loads_at_start ? 0 : kReload; at < p.end_ms(); at += kReload) Burst(p, s, at);
  });
  return analysis.sites[0];
}

Verdict VerdictOf(double seconds, const testing::Fill& fill) {
  Verdict worst = Verdict::kNone;
  for (uint64_t seed = 920; seed < 930; ++seed)
    worst = std::max(worst, AnalyzeOne(seconds, seed, fill).sites[0].verdict);
  return worst;
}

TEST(StepsTest, AfterThreeReloadsThatForgetWhatTheStartHadLoadedTheyAreASuspect) {
  for (uint64_t seed = 900; seed < 910; ++seed) {
    const SiteResult site = Reloads(75, seed, true);
    EXPECT_EQ(site.verdict, Verdict::kSuspect) << seed;
    EXPECT_EQ(site.trend, Trend::kStep);
    ASSERT_TRUE(site.evidence.steps) << seed;
    EXPECT_EQ(site.evidence.steps->count, 3);
    EXPECT_NEAR(site.evidence.steps->bytes / (kBlocks * 400), 1, .2);
    EXPECT_NEAR(site.evidence.steps->seconds_apart, 20, .5);
    EXPECT_NEAR(site.growth->mid / (kBlocks * 400 * 180), 1, .25);
    EXPECT_LE(site.growth->low, site.growth->mid);
  }
}

TEST(StepsTest, WithoutAnEqualLoadAtTheStartItTakesFour) {
  EXPECT_LT(Reloads(75, 911, false).verdict, Verdict::kSuspect);
  EXPECT_EQ(Reloads(95, 911, false).verdict, Verdict::kSuspect);
}

TEST(StepsTest, RequestsThatKeepMuchAndComeWhenTheyComeAreNoSteps) {
  EXPECT_LT(VerdictOf(110,
                      [](Program& p, capture::SiteId s) {
                        for (const double at : {20e3, 27e3, 60e3, 71e3, 102e3}) Burst(p, s, at);
                      }),
            Verdict::kSuspect);
}

TEST(StepsTest, TwoBurstsAreNoPattern) {
  EXPECT_LT(Reloads(55, 912, true).verdict, Verdict::kSuspect);
}

TEST(StepsTest, AReloadThatGivesBackTheOldOneIsNoStep) {
  EXPECT_LT(VerdictOf(150,
                      [](Program& p, capture::SiteId s) {
                        for (double at = 0; at < p.end_ms(); at += kReload)
                          Burst(p, s, at, at + kReload);
                      }),
            Verdict::kSuspect);
}

TEST(StepsTest, ThatTheLastFiveAreKeptIsNoLeak) {
  EXPECT_LT(VerdictOf(300,
                      [](Program& p, capture::SiteId s) {
                        for (double at = 0; at < p.end_ms(); at += kReload)
                          Burst(p, s, at, at + 5 * kReload);
                      }),
            Verdict::kSuspect);
}

TEST(StepsTest, BurstsThatAreNotEqualAreNoSteps) {
  EXPECT_LT(VerdictOf(110,
                      [](Program& p, capture::SiteId s) {
                        int blocks = 2000;
                        for (double at = 0; at < p.end_ms(); at += kReload, blocks += blocks / 2)
                          Burst(p, s, at, kForever, blocks);
                      }),
            Verdict::kSuspect);
}

TEST(StepsTest, BurstsThatHaveStoppedAreNoSteps) {
  EXPECT_LT(VerdictOf(300,
                      [](Program& p, capture::SiteId s) {
                        for (double at = 0; at < 110e3; at += kReload) Burst(p, s, at);
                      }),
            Verdict::kSuspect);
}

TEST(StepsTest, LargeWindowsThatAreNotClosedAreStepsOfOneBlock) {
  const Analysis analysis = AnalyzeOne(130, 931, [](Program& p, capture::SiteId s) {
    for (double at = 0; at < p.end_ms(); at += 100) {
      const bool kept = static_cast<int>(at) % 20'000 == 0;
      p.Block(s, at, kept ? kForever : at + 1, 64 << 20);
    }
  });
  EXPECT_EQ(analysis.sites[0].verdict, Verdict::kSuspect);
  ASSERT_TRUE(analysis.sites[0].evidence.steps);
  EXPECT_EQ(analysis.sites[0].evidence.steps->bytes, 64 << 20);
}

}  // namespace
}  // namespace leaktrack
