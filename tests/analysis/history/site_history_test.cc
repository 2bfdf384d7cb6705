// SPDX-License-Identifier: Apache-2.0
//
// Deaths that are only counted, in the history of a site.
#include "tools/analysis/history/site_history.h"

#include <gtest/gtest.h>

namespace leaktrack {
namespace {

constexpr double kHourMs = 3.6e6;

// 40 deaths at an age of 4 to 5 s, counted over an hour in four parts.
DeathStep FourParts() {
  return {.time_ms = static_cast<float>(2 * kHourMs),
          .span_ms = static_cast<float>(kHourMs),
          .deaths = 40,
          .bytes = 4000,
          .band = capture::AgeBand(4096),
          .parts = 4};
}

SiteHistory With(const DeathStep& step) {
  SiteHistory history;
  history.steps.push_back(step);
  return history;
}

TEST(SiteHistoryTest, TheDeathsOfAStepFallAtTheEndsOfItsParts) {
  const DeathStep step = FourParts();
  EXPECT_EQ(step.PartEndMs(0), kHourMs);
  EXPECT_EQ(step.PartEndMs(1), 1.25 * kHourMs);
  EXPECT_EQ(step.PartEndMs(4), 2 * kHourMs);
}

TEST(SiteHistoryTest, AnEarlierMomentKeepsThePartsThatHadDiedByThen) {
  const SiteHistory then = AsOf(With(FourParts()), 1.6 * kHourMs);
  ASSERT_EQ(then.steps.size(), 1u);
  EXPECT_EQ(then.steps[0].parts, 2);
  EXPECT_EQ(then.steps[0].time_ms, 1.5 * kHourMs);
  EXPECT_EQ(then.steps[0].span_ms, .5 * kHourMs);
  EXPECT_EQ(then.steps[0].deaths, 20);
  EXPECT_EQ(then.steps[0].bytes, 2000);
  EXPECT_EQ(then.steps[0].PartEndMs(1), 1.25 * kHourMs);
  EXPECT_TRUE(then.survivors.empty())
      << "who died quarters of an hour later at 5 s was not born yet";
}

TEST(SiteHistoryTest, WhoDiedJustAfterAMomentWasAliveAtIt) {
  const SiteHistory then = AsOf(With(FourParts()), 1.5 * kHourMs - 1000);
  ASSERT_EQ(then.steps.size(), 1u);
  EXPECT_EQ(then.steps[0].parts, 1);
  ASSERT_EQ(then.survivors.size(), 10u) << "one part, and no other";
  for (const WeightedBlock& block : then.survivors) {
    EXPECT_EQ(block.death_ms, 1.5 * kHourMs);
    EXPECT_LE(block.birth_ms, 1.5 * kHourMs - 4096);
    EXPECT_EQ(block.weight, 1);
    EXPECT_EQ(block.Bytes(), 100);
  }
}

TEST(SiteHistoryTest, AtTheEndAndBeforeTheBeginAStepIsWholeOrAbsent) {
  EXPECT_EQ(AsOf(With(FourParts()), 2 * kHourMs).steps[0].parts, 4);
  const SiteHistory before = AsOf(With(FourParts()), .5 * kHourMs);
  EXPECT_TRUE(before.steps.empty());
  EXPECT_TRUE(before.survivors.empty());
}

TEST(SiteHistoryTest, CurvesAreSharedByEarlierMomentsAndAddedUpInSums) {
  Curves curves;
  curves.level.fill(7);
  SiteHistory one;
  one.curves = std::make_shared<const Curves>(curves);
  one.grid_end_ms = kHourMs;
  EXPECT_EQ(AsOf(one, 1000).curves, one.curves);
  const SiteHistory none;
  EXPECT_EQ(none.LevelAt(1000), 0);
  EXPECT_EQ(MergeHistories({&one, &one, &none}).LevelAt(kHourMs), 14);
}

}  // namespace
}  // namespace leaktrack
