// SPDX-License-Identifier: Apache-2.0
#include "tools/compare/lost_counts.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <set>

namespace leaktrack {
namespace {

witness::SiteMemory Site(uint32_t number, uint64_t examined, uint64_t lost, double size) {
  witness::SiteMemory site;
  site.site = number;
  site.objects = static_cast<double>(examined);
  site.bytes = site.objects * size;
  site.lost_objects = static_cast<double>(lost);
  site.lost_bytes = site.lost_objects * size;
  site.memory.examined = examined;
  site.memory.lost = lost;
  return site;
}

// Two heads of site 1, each with a body of site 2; a third body is held, and a fourth lost alone.
witness::RunMemory HeadsAndBodies() {
  witness::RunMemory memory;
  memory.sites = {Site(1, 2, 2, 100), Site(2, 4, 3, 10)};
  memory.lost = {{1, 1, 100}, {2, 1, 10}, {1, 1, 100}, {2, 1, 10}, {2, 1, 10}};
  memory.holds = {{0, 1}, {2, 3}};
  return memory;
}

TEST(LostCountsTest, PartsWhatIsLostFromWhatIsReachable) {
  const witness::RunMemory memory = HeadsAndBodies();
  const std::set<capture::SiteId> none;
  const KeptParts bodies = LostCounts(memory, none).Of({2});
  EXPECT_EQ(bodies.lost.blocks, 3);
  EXPECT_EQ(bodies.lost.bytes, 30);
  EXPECT_EQ(bodies.reachable.blocks, 1);
  EXPECT_EQ(bodies.reachable.bytes, 10);
  EXPECT_EQ(bodies.covered.blocks, 0);
}

TEST(LostCountsTest, SuppressedBlocksCoverWhatTheyHold) {
  const witness::RunMemory memory = HeadsAndBodies();
  const std::set<capture::SiteId> heads{1};
  const LostCounts counts(memory, heads);
  EXPECT_EQ(counts.Of({1}).lost.blocks, 0);
  EXPECT_EQ(counts.Of({1}).covered.blocks, 2);
  EXPECT_EQ(counts.Of({2}).lost.blocks, 1) << "nothing suppressed holds this one";
  EXPECT_EQ(counts.Of({2}).covered.blocks, 2);
  EXPECT_EQ(counts.Of({2}).reachable.blocks, 1);
}

TEST(LostCountsTest, RingsOfSuppressedBlocksEnd) {
  witness::RunMemory memory = HeadsAndBodies();
  memory.holds = {{0, 1}, {1, 0}, {1, 4}};
  const std::set<capture::SiteId> heads{1};
  EXPECT_EQ(LostCounts(memory, heads).Of({2}).covered.blocks, 2);
}

TEST(LostCountsTest, BlocksThatMemoryDoesNotTellAboutAreNeither) {
  witness::RunMemory memory;
  memory.sites = {Site(1, 5, 1, 8)};
  memory.sites[0].memory.undecided = 2;
  const std::set<capture::SiteId> none;
  const KeptParts parts = LostCounts(memory, none).Of({1});
  EXPECT_EQ(parts.lost.count, 1);
  EXPECT_EQ(parts.undecided, 2);
  EXPECT_EQ(parts.reachable.count, 2);
}

}  // namespace
}  // namespace leaktrack
