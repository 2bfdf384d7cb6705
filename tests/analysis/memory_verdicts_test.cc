// SPDX-License-Identifier: Apache-2.0
#include "tools/analysis/memory_verdicts.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <vector>

namespace leaktrack {
namespace {

witness::SiteMemory Seen(uint32_t site, uint64_t examined, uint64_t lost, uint64_t definite,
                         uint32_t head_site = 0) {
  witness::SiteMemory seen;
  seen.site = site;
  seen.lost_bytes = static_cast<double>(lost) * 40;
  seen.memory.examined = examined;
  seen.memory.lost = lost;
  seen.memory.definite = definite;
  seen.memory.indirect = lost - definite;
  seen.memory.head_site = head_site;
  return seen;
}

SiteResult Site(std::vector<capture::SiteId> numbers) {
  SiteResult site;
  site.sites = std::move(numbers);
  site.verdict = Verdict::kWatch;
  return site;
}

std::vector<SiteResult> Apply(std::vector<SiteResult> sites, std::vector<witness::SiteMemory> seen,
                              int looks = 2) {
  witness::RunMemory memory;
  memory.looks = looks;
  memory.at_seconds = 10;
  memory.sites = std::move(seen);
  ApplyMemory(memory, 25, sites);
  return sites;
}

TEST(MemoryVerdictsTest, ASiteWhoseBlocksNothingPointsToIsALeak) {
  const SiteResult site = Apply({Site({1})}, {Seen(1, 30, 29, 29)})[0];
  EXPECT_EQ(site.verdict, Verdict::kLeak);
  EXPECT_TRUE(site.lost);
  EXPECT_EQ(site.memory->verdict, witness::MemoryVerdict::kLost);
  EXPECT_EQ(site.memory->seconds_ago, 15);
}

TEST(MemoryVerdictsTest, OneLookProvesNothing) {
  EXPECT_EQ(Apply({Site({1})}, {Seen(1, 30, 29, 29)}, 1)[0].verdict, Verdict::kWatch);
}

TEST(MemoryVerdictsTest, AFewLostBlocksOfManyAreNoVerdict) {
  EXPECT_EQ(Apply({Site({1})}, {Seen(1, 1000, 5, 5)})[0].verdict, Verdict::kWatch);
  EXPECT_EQ(Apply({Site({1})}, {Seen(1, 3, 3, 3)})[0].verdict, Verdict::kWatch);
}

TEST(MemoryVerdictsTest, MuchIsALeakWhateverShareItIs) {
  EXPECT_EQ(Apply({Site({1})}, {Seen(1, 100'000, 2000, 2000)})[0].verdict, Verdict::kLeak);
}

TEST(MemoryVerdictsTest, AHeldSiteKeepsItsVerdictAndGetsItsHolder) {
  witness::SiteMemory seen = Seen(1, 30, 0, 0);
  seen.memory.holders.push_back({witness::HolderKind::kGlobal, "g_sessions", "/bin/app", 0, 1});
  const SiteResult site = Apply({Site({1})}, {seen})[0];
  EXPECT_EQ(site.verdict, Verdict::kWatch);
  EXPECT_EQ(site.memory->verdict, witness::MemoryVerdict::kHeld);
  EXPECT_EQ(site.memory->holders[0].name, "g_sessions");
}

TEST(MemoryVerdictsTest, StacksOfOneSiteAreSummed) {
  const SiteResult site =
      Apply({Site({1, 2})}, {Seen(1, 10, 10, 10), Seen(2, 10, 0, 0), Seen(3, 9, 9, 9)})[0];
  EXPECT_EQ(site.memory->examined, 20u);
  EXPECT_EQ(site.memory->lost, 10u);
  EXPECT_EQ(site.memory->verdict, witness::MemoryVerdict::kMixed);
}

TEST(MemoryVerdictsTest, PartsOfALostGraphAreToldWithItsHead) {
  const auto sites = Apply({Site({1}), Site({2})}, {Seen(1, 10, 10, 10), Seen(2, 30, 30, 0, 1)});
  EXPECT_EQ(sites[0].verdict, Verdict::kLeak);
  EXPECT_EQ(sites[1].verdict, Verdict::kWatch);
  EXPECT_FALSE(sites[1].lost);
}

TEST(MemoryVerdictsTest, PartsWhoseHeadNobodyRecordedAreALeakThemselves) {
  EXPECT_EQ(Apply({Site({2})}, {Seen(2, 30, 30, 0, 0)})[0].verdict, Verdict::kLeak);
}

}  // namespace
}  // namespace leaktrack
