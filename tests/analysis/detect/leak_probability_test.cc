// SPDX-License-Identifier: Apache-2.0
//
// How probable a leak is, and when a run that goes on is looked at. That the numbers are what they
// say is measured by bench/verdicts and, in a short form, by simulation_test.cc.
#include "tools/analysis/detect/leak_probability.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "tests/analysis/one_site.h"
#include "tools/analysis/detect/look_times.h"

namespace leaktrack {
namespace {

using testing::AnalyzeOne;
using testing::kForever;
using testing::kHour;
using testing::kMinute;
using testing::Program;

constexpr double kDay = 24 * kHour;

// A site as steady as can be: so many blocks, none of which died.
LeakSigns Steady(double age_seconds, double blocks) {
  LeakSigns signs;
  signs.age_seconds = age_seconds;
  signs.blocks = blocks;
  signs.gamma_error = std::sqrt(12 / blocks);
  signs.never_dies_p = std::exp(-blocks / 2);
  signs.sound = true;
  LeakSigns grown = GoneOn(signs, age_seconds);  // the p-values that such births have
  grown.halves_hold = blocks >= 60;
  return grown;
}

TEST(LeakProbabilityTest, TheSameGrowthIsMoreProbablyALeakTheLongerItHasGoneOn) {
  double before = 0;
  for (const double age : {15.0, 3 * kMinute, 20 * kMinute, 2 * kHour, 12 * kHour, 3 * kDay}) {
    const double now = LeakProbability(Steady(age, 200));
    EXPECT_GT(now, before) << age;
    before = now;
  }
}

TEST(LeakProbabilityTest, WhatFillsForFifteenSecondsIsNoSuspectWhateverItsBlocks) {
  for (const double blocks : {20.0, 100.0, 1e3, 1e5})
    EXPECT_LT(LeakProbability(Steady(15, blocks)), kSuspectFrom) << blocks;
}

TEST(LeakProbabilityTest, AHandfulOfBlocksSaysLess) {
  EXPECT_LT(LeakProbability(Steady(kHour, 9)), LeakProbability(Steady(kHour, 60)));
}

TEST(LeakProbabilityTest, BirthsThatFallOffMakeACacheMoreProbable) {
  LeakSigns slowing = Steady(kHour, 60);
  slowing.gamma = -2;
  slowing = GoneOn(slowing, kHour);
  slowing.births_p = .4;
  slowing.strict_p = .9;
  slowing.halves_hold = false;
  EXPECT_LT(LeakProbability(slowing), LeakProbability(Steady(kHour, 60)) / 2);
}

TEST(LeakProbabilityTest, AProgramThatATestRunsIsLessProbablyOneThatLeaks) {
  const LeakSigns signs = Steady(kHour, 60);
  EXPECT_LT(LeakProbability(signs, Prior::kTest), LeakProbability(signs, Prior::kWatched));
}

TEST(LeakProbabilityTest, ItIsDecidedWhenItPassesTheNextBoundIfItGoesOn) {
  const LeakSigns young = Steady(2 * kMinute, 60);
  ASSERT_LT(LeakProbability(young), kSuspectFrom);
  const std::optional<double> decided = DecidedBySeconds(young);
  ASSERT_TRUE(decided.has_value());
  EXPECT_GT(*decided, 2 * kMinute);
  EXPECT_GE(LeakProbability(GoneOn(young, *decided)), kSuspectFrom);
  EXPECT_LT(LeakProbability(GoneOn(young, *decided / 1.06)), kSuspectFrom);
}

TEST(LookTimesTest, ReportsASecondApartAreNearlyAlwaysJudgedAtOneMoment) {
  int differ = 0;
  for (int second = 20; second < 7200; ++second)
    differ += LastLookMs(second * 1e3) != LastLookMs((second + 1) * 1e3);
  EXPECT_LE(differ, 7200 / 30);
}

TEST(LookTimesTest, ALookIsAtMostATwentiethOrAMinuteAgo) {
  for (double now = 11e3; now < 2e8; now *= 1.003) {
    const double look = LastLookMs(now);
    EXPECT_LE(look, now);
    EXPECT_GE(look, std::max(now / 1.0501 - 1, std::min(now / 1.0501 - 1, now - 60e3))) << now;
  }
}

TEST(LookTimesTest, AnEndedRunIsJudgedAtItsEnd) {
  const auto fill = [](Program& p, capture::SiteId s) { p.Stream(s, 10, 1024, kForever); };
  EXPECT_EQ(AnalyzeOne(1234.5, 3, fill).judged_seconds, 1234.5);
}

}  // namespace
}  // namespace leaktrack
