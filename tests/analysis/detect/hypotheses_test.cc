// SPDX-License-Identifier: Apache-2.0
//
// Hypotheses beside single stacks: single sizes, and sums of stacks.
#include "tools/analysis/detect/hypotheses.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <string>

#include "tests/analysis/one_site.h"

namespace leaktrack {
namespace {

using testing::AnalyzeOne;
using testing::kForever;
using testing::kHour;
using testing::Program;

std::vector<const SiteResult*> AccusedOf(const Analysis& analysis) {
  std::vector<const SiteResult*> accused;
  for (const SiteResult& site : analysis.sites) {
    if (site.significant) accused.push_back(&site);
  }
  return accused;
}

TEST(HypothesesTest, ALeakByTwelvePathsThatAreEachAccusedIsOneRow) {
  Program p(kHour, 16384, 1);
  for (int path = 0; path < 12; ++path) {
    p.Stream(p.Site({"malloc", "CopyHeader", "Path" + std::to_string(path), "main"}), .6, 1024,
             kForever);
  }
  const Analysis analysis = Analyze(p.Build(), p.symbolizer);
  const auto accused = AccusedOf(analysis);
  ASSERT_EQ(accused.size(), 1u);
  EXPECT_EQ(accused[0]->sites.size(), 12u);
  EXPECT_EQ(accused[0]->stack[accused[0]->blame].function, "CopyHeader");
  EXPECT_NEAR(accused[0]->growth->mid / (12 * .6 * 1024 * kHour), 1, .15);
}

TEST(HypothesesTest, ACallerThatLeaksAmongHealthyOnesKeepsItsOwnRow) {
  Program p(kHour, 16384, 2);
  p.Stream(p.Site({"malloc", "CopyHeader", "Guilty", "main"}), 4, 1024, kForever);
  for (int path = 0; path < 12; ++path) {
    p.Stream(p.Site({"malloc", "CopyHeader", "Healthy" + std::to_string(path), "main"}), 4, 1024,
             20);
  }
  const Analysis analysis = Analyze(p.Build(), p.symbolizer);
  const auto accused = AccusedOf(analysis);
  ASSERT_EQ(accused.size(), 1u);
  EXPECT_EQ(accused[0]->sites.size(), 1u);
  EXPECT_EQ(accused[0]->stack[2].function, "Guilty");
}

// One function that allocates buffers of all kinds. The large ones live for a while.
void Buffers(Program& p, capture::SiteId s, bool small_ones_leak) {
  p.Stream(s, 4, 3000, 900);
  p.Stream(s, 2, 50000, 1500);
  p.Stream(s, 4, 600, small_ones_leak ? kForever : 900);
}

TEST(HypothesesTest, ASizeThatLeaksIsFoundAmongSizesThatDieOld) {
  int found = 0;
  for (uint64_t seed = 0; seed < 10; ++seed) {
    const Analysis analysis = AnalyzeOne(
        3 * kHour, 30 + seed, [](Program& p, capture::SiteId s) { Buffers(p, s, true); });
    if (!analysis.sites[0].significant) continue;
    ++found;
    EXPECT_EQ(analysis.sites[0].evidence.size_from, 512);
    EXPECT_EQ(analysis.sites[0].evidence.size_to, 1024);
    EXPECT_NEAR(analysis.sites[0].growth->mid / (4 * 600 * kHour), 1, .3);
  }
  EXPECT_GE(found, 9);
}

TEST(HypothesesTest, SizesThatAllDieOldAreNotAccusedOneByOne) {
  for (uint64_t seed = 0; seed < 10; ++seed) {
    const Analysis analysis = AnalyzeOne(
        3 * kHour, 60 + seed, [](Program& p, capture::SiteId s) { Buffers(p, s, false); });
    EXPECT_TRUE(AccusedOf(analysis).empty()) << seed;
  }
}

}  // namespace
}  // namespace leaktrack
