// SPDX-License-Identifier: Apache-2.0
#include "tools/compare/statistics.h"

#include <gtest/gtest.h>

#include <cmath>

namespace leaktrack {
namespace {

TEST(BinomialTest, AgreesWithValuesCountedByHand) {
  EXPECT_NEAR(BinomialUpperTail(3, 3, .5), .125, 1e-12);
  EXPECT_NEAR(BinomialUpperTail(4, 1, .25), 1 - .31640625, 1e-12);
  EXPECT_NEAR(BinomialUpperTail(10, 8, .5), 56. / 1024, 1e-12);
  EXPECT_EQ(BinomialUpperTail(5, 0, .5), 1);
  EXPECT_EQ(BinomialUpperTail(5, 6, .5), 0);
}

// The number of new samples that are needed at equal exposure.
TEST(ConditionalTest, NeedsAsManySamplesAsThePublishedTableSays) {
  const auto needed = [](double base, double p) {
    double now = base;
    while (HigherRateP(base, 1, now, 1, 1) > p) ++now;
    return now;
  };
  EXPECT_EQ(needed(0, .01), 7);
  EXPECT_EQ(needed(0, .001), 10);
  EXPECT_EQ(needed(0, .0001), 14);
  EXPECT_EQ(needed(10, .01), 25);
  EXPECT_EQ(needed(10, .001), 31);
  EXPECT_EQ(needed(10, .0001), 36);
}

TEST(ConditionalTest, LongerExposureOfOneSideIsNoEvidence) {
  EXPECT_GT(HigherRateP(10, 1, 30, 3, 1), .4);
}

TEST(ConditionalTest, DispersionWeakensTheEvidence) {
  EXPECT_LT(HigherRateP(0, 3, 20, 3, 1), 1e-5);
  EXPECT_GT(HigherRateP(0, 3, 20, 3, 5), .05);
}

TEST(DispersionTest, OfEqualReplicatesIsOneAndOfScatteredOnesIsTheirs) {
  double degrees = 0;
  EXPECT_EQ(PooledDispersion({{5, 5, 5}, {9, 9, 9}}, &degrees), 1);
  EXPECT_EQ(degrees, 4);
  EXPECT_NEAR(PooledDispersion({{0, 10, 20}}, &degrees), 10, 1e-12);  // mean 10, variance 100
  EXPECT_EQ(PooledDispersion({{0, 1, 0}}, &degrees), 1);
  EXPECT_EQ(degrees, 0);
}

TEST(DispersionTest, OfOneSiteIsItsOwnDrawnTowardsAllAndNeverBelow) {
  EXPECT_EQ(OwnDispersion({{50, 50, 50}, {50, 50, 50}}, 1), 1);
  EXPECT_EQ(OwnDispersion({{50, 50, 50}, {50, 50, 50}}, 3), 3);
  EXPECT_GT(OwnDispersion({{10, 60, 100}, {5, 40, 59}}, 1), 12);
  EXPECT_EQ(OwnDispersion({{50}, {70}}, 2), 2) << "single runs say nothing of one site";
}

TEST(DifferenceTest, BoundLiesBelowTheDifferenceAndAboveNothingForPlentyOfCounts) {
  const double low = DifferenceLowerBound(100, 1, 400, 1, 1);
  EXPECT_GT(low, 250);
  EXPECT_LT(low, 300);
  EXPECT_LT(DifferenceLowerBound(100, 1, 105, 1, 1), 0);
}

// Two means of three runs each: t = 4.604 is exceeded once in 200 by chance (4 degrees of freedom).
TEST(MeansTest, IsStudentsTestOfTwoMeans) {
  const double error = std::sqrt(2.0 / 3);
  EXPECT_NEAR(HigherMeanP({10, 1, 3}, {10 + 4.604 * error, 1, 3}, 0), .005, 1e-5);
  EXPECT_NEAR(HigherMeanP({10, 1, 3}, {10 + 2.132 * error, 1, 3}, 0), .05, 1e-4);
  EXPECT_EQ(HigherMeanP({10, 1, 3}, {9, 1, 3}, 0), 1);
  EXPECT_EQ(HigherMeanP({10, 0, 3}, {11, 0, 3}, 0), 0) << "what never varies has changed";
  EXPECT_GT(HigherMeanP({10, 0, 3}, {11, 0, 3}, .1), .1) << "but for another day";
  EXPECT_GT(HigherMeanP({10, 0, 1}, {13, 0, 1}, 0), .2) << "single runs may differ by a third";
}

TEST(MeansTest, SpreadIsMeanAndStandardDeviation) {
  const Spread spread = SpreadOf({2, 4, 9});
  EXPECT_EQ(spread.mean, 5);
  EXPECT_NEAR(spread.deviation, std::sqrt(13), 1e-12);
  EXPECT_EQ(SpreadOf({7}).deviation, 0);
}

// 14.2 samples from nothing at p = .001 with 90 % power.
TEST(DetectableTest, IsWhatThePublishedTableSays) {
  EXPECT_NEAR(DetectableCount(1, 1, 1, .001), 14.2, .3);
}

}  // namespace
}  // namespace leaktrack
