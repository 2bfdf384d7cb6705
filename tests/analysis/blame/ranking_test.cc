// SPDX-License-Identifier: Apache-2.0
#include "tools/analysis/blame/ranking.h"

#include <gtest/gtest.h>

namespace leaktrack {
namespace {

TEST(RankingTest, WhatIsNotAccusedStandsBySizeWhateverItsShape) {
  SiteResult large, small;
  large.live_bytes = 54e6;
  large.growth.emplace();
  large.model.emplace();
  // A run of a fifth of a second: it has no verdict, and seems to slow down.
  large.model->slope_per_hour = -3;
  small.live_bytes = 864;
  small.lift = 2;
  std::vector<SiteResult> sites = {small, large};
  RankSites(sites);
  EXPECT_EQ(sites[0].live_bytes, 54e6);
}

TEST(RankingTest, AWorseVerdictGoesBeforeAnySize) {
  SiteResult large, leak;
  large.live_bytes = 54e6;
  leak.live_bytes = 864;
  leak.verdict = Verdict::kSuspect;
  leak.growth.emplace();
  std::vector<SiteResult> sites = {large, leak};
  RankSites(sites);
  EXPECT_EQ(sites[0].verdict, Verdict::kSuspect);
}

}  // namespace
}  // namespace leaktrack
