// SPDX-License-Identifier: Apache-2.0
//
// Compared with tabulated values.
#include "tools/analysis/model/stats.h"

#include <gtest/gtest.h>

#include <cmath>

namespace leaktrack {
namespace {

TEST(StatsTest, NormalTail) {
  EXPECT_NEAR(NormalUpperTail(0), .5, 1e-12);
  EXPECT_NEAR(NormalUpperTail(1.644854), .05, 1e-6);
  EXPECT_NEAR(NormalUpperTail(-1.959964), .975, 1e-6);
}

TEST(StatsTest, PoissonTailKeepsItsDigitsWhereItIsTiny) {
  EXPECT_NEAR(PoissonCdf(0, 2), std::exp(-2), 1e-12);
  EXPECT_NEAR(PoissonCdf(3, 5), .2650259, 1e-6);
  EXPECT_NEAR(PoissonCdf(0, 60) / std::exp(-60), 1, 1e-9);
  EXPECT_NEAR(PoissonCdf(100, 50), 1, 1e-9);
}

TEST(StatsTest, TailsOfMillionsOfEventsKeepTheirDigits) {
  // The median of a gamma distribution of shape a is a - 1/3 + O(1/a).
  EXPECT_NEAR(GammaQuantile(1e7, .5), 1e7 - 1.0 / 3, 1e-2);
  EXPECT_NEAR(GammaCdf(1e7, 1e7 - 1.0 / 3), .5, 1e-6);
  EXPECT_NEAR(PoissonCdf(1e7, 1e7), .5000841, 1e-6);
}

TEST(StatsTest, PoissonIntervalIsTheTabulatedOne) {
  // Garwood, 90 %: 10 events: 5.425 to 16.962; no events: 0 to 2.996.
  EXPECT_NEAR(PoissonInterval90(10).low, 5.4254, 1e-3);
  EXPECT_NEAR(PoissonInterval90(10).high, 16.9622, 1e-3);
  EXPECT_EQ(PoissonInterval90(0).low, 0);
  EXPECT_NEAR(PoissonInterval90(0).high, 2.9957, 1e-3);
}

TEST(StatsTest, TiltIsTheInverseOfItsMean) {
  for (const double gamma : {-20.0, -2.0, -1.0, -1e-5, 0.0, 0.5, 3.0, 20.0}) {
    EXPECT_NEAR(TiltFromMean(TiltedMean(gamma)), gamma, 1e-3) << gamma;
  }
  EXPECT_NEAR(TiltedMean(-2), .343482, 1e-5);
  EXPECT_NEAR(TiltedVariance(0), 1.0 / 12, 1e-9);
  EXPECT_NEAR(TiltedVariance(2), .0689, 1e-3);
}

TEST(StatsTest, SamplingProbabilityIsTheTableOfTheSampler) {
  EXPECT_NEAR(SamplingProbability(64, 512 * 1024), .000122, 1e-6);
  EXPECT_NEAR(SamplingProbability(1024 * 1024, 512 * 1024), .8647, 1e-4);
  EXPECT_EQ(SamplingProbability(3, 1), 1);
  EXPECT_GT(SamplingProbability(0, 4096), 0);
}

TEST(StatsTest, FalseDiscoveryRateOfBenjaminiAndHochberg) {
  const std::vector<double> q = BenjaminiHochberg({.01, .04, .03, .005});
  EXPECT_NEAR(q[3], .02, 1e-12);
  EXPECT_NEAR(q[0], .02, 1e-12);
  EXPECT_NEAR(q[2], .04, 1e-12);
  EXPECT_NEAR(q[1], .04, 1e-12);
  EXPECT_TRUE(BenjaminiHochberg({}).empty());
}

}  // namespace
}  // namespace leaktrack
