// SPDX-License-Identifier: Apache-2.0
#include "tools/live/model/growth.h"

#include <cmath>
#include <random>
#include <vector>

#include "gtest/gtest.h"
#include "tests/live/curves.h"

namespace leaktrack::live {
namespace {

Growth Judged(const std::vector<Point>& points, CurveFacts facts = {}) {
  return JudgeGrowth(points, facts);
}

TEST(GrowthTest, ASteadyLeakIsSeenAfterTwoSecondsWithItsRateInTheRange) {
  const Growth growth =
      Judged(CurveFrom(2, .25, [](double t) { return 100 * kMiB + 5 * kMiB * t; }));
  EXPECT_EQ(growth.shape, Shape::kGrows);
  EXPECT_NEAR(growth.rate->mid, 5 * kMiB * 3600, 1);
  EXPECT_LE(growth.rate->low, growth.rate->mid);
  EXPECT_GE(growth.rate->high, growth.rate->mid);
}

TEST(GrowthTest, ALeakUnderNoiseHasItsTrueRateInTheNinetyPercentRangeAsOftenAsThat) {
  int covered = 0;
  for (int seed = 0; seed < 200; ++seed) {
    std::mt19937_64 random(seed);
    std::normal_distribution<double> noise(0, 3 * kMiB);
    const Growth growth = Judged(
        CurveFrom(600, 5, [&](double t) { return 500 * kMiB + .1 * kMiB * t + noise(random); }));
    ASSERT_TRUE(growth.rate);
    covered += growth.rate->low <= .1 * kMiB * 3600 && growth.rate->high >= .1 * kMiB * 3600;
  }
  EXPECT_GE(covered, 175);
}

TEST(GrowthTest, NoiseAndWanderingAreSteady) {
  int grows = 0;
  for (int seed = 0; seed < 300; ++seed) {
    std::mt19937_64 random(seed);
    std::normal_distribution<double> step(0, 1 * kMiB);
    double level = 500 * kMiB;
    grows += Judged(CurveFrom(3600, 20, [&](double) { return level += step(random); })).shape ==
             Shape::kGrows;
  }
  EXPECT_LE(grows, 15);  // of 300, in any of up to eight windows
}

TEST(GrowthTest, OneStepIsNoGrowth) {
  const auto step = [](double t) { return t < 300 ? 100 * kMiB : 400 * kMiB; };
  EXPECT_NE(Judged(CurveFrom(600, 5, step)).shape, Shape::kGrows);
}

TEST(GrowthTest, ACacheThatFillsSlowsDown) {
  const auto cache = [](double t) { return 100 * kMiB + 900 * kMiB * (1 - std::exp(-t / 300)); };
  EXPECT_EQ(Judged(CurveFrom(600, 5, cache)).shape, Shape::kSlowing);
}

TEST(GrowthTest, AYoungProcessIsStartingUp) {
  CurveFacts young;
  young.age_seconds = 20;
  EXPECT_EQ(Judged(CurveFrom(10, .5, [](double t) { return 40 * kMiB * t; }), young).shape,
            Shape::kStartup);
}

TEST(GrowthTest, WhatHasBeenAsHighBeforeReturns) {
  const auto saw = [](double t) { return 200 * kMiB + 300 * kMiB * std::fmod(t, 400) / 400; };
  for (double end = 500; end < 2000; end += 50)
    EXPECT_NE(Judged(CurveFrom(end, 5, saw)).shape, Shape::kGrows) << end;
}

TEST(GrowthTest, ASawtoothOnARisingBaseGrows) {
  const auto saw = [](double t) {
    return 200 * kMiB + .5 * kMiB * t + 50 * kMiB * std::fmod(t, 30) / 30;
  };
  EXPECT_EQ(Judged(CurveFrom(1800, 5, saw)).shape, Shape::kGrows);
}

TEST(GrowthTest, ALeakThatBeginsLateIsSeenAtItsOwnRate) {
  const auto late = [](double t) { return 500 * kMiB + (t > 3000 ? (t - 3000) * kMiB : 0); };
  const Growth growth = Judged(CurveFrom(3600, 10, late));
  EXPECT_EQ(growth.shape, Shape::kGrows);
  EXPECT_NEAR(growth.rate->mid / 3600 / kMiB, 1, .25);
}

TEST(GrowthTest, GrowthIsTrustedForAsLongAsItWasWatched) {
  const Growth growth = Judged(CurveFrom(600, 5, [](double t) { return 1e9 + 1e6 * t; }));
  EXPECT_EQ(growth.trusted_seconds, 600);
}

TEST(GrowthTest, GrowthThatExplainsAllThatIsHeldIsTrustedForTheWholeLife) {
  CurveFacts old;
  old.age_seconds = 10'000;
  const auto leak = [](double t) { return 1e6 * (t + 9'970); };
  EXPECT_EQ(Judged(CurveFrom(30, 1, leak), old).trusted_seconds, 10'000);
}

TEST(GrowthTest, TooFewPointsSayNothing) {
  EXPECT_EQ(Judged({}).shape, Shape::kTooShort);
  EXPECT_EQ(Judged({{0, 1}, {1, 1e9}}).shape, Shape::kTooShort);
  EXPECT_FALSE(Judged({{0, 1}}).rate.has_value());
}

TEST(GrowthTest, MemoryThatIsGivenBackFalls) {
  EXPECT_EQ(Judged(CurveFrom(600, 5, [](double t) { return 1e9 - 1e6 * t; })).shape, Shape::kFalls);
}

}  // namespace
}  // namespace leaktrack::live
