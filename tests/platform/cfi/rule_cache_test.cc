// SPDX-License-Identifier: Apache-2.0
#include "libtrack/platform/cfi/rule_cache.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace leaktrack::track {
namespace {

CachedRule RuleFor(uint64_t pc, uint32_t variant) {
  return {.frame = capture::MakeFrame(variant, pc),
          .rule = CfiRule{.cfa_offset = static_cast<int32_t>(variant * 8), .cfa = CfaKind::kSp}};
}

class RuleCacheTest : public testing::Test {
 protected:
  void TearDown() override {
    g_rule_cache.Sweep([](capture::Frame) { return true; });
  }
};

TEST_F(RuleCacheTest, FindsWhatWasInsertedAndNothingElse) {
  CachedRule found;
  EXPECT_FALSE(g_rule_cache.Find(0x1000, found));
  g_rule_cache.Insert(0x1000, RuleFor(0x1000, 3));
  ASSERT_TRUE(g_rule_cache.Find(0x1000, found));
  EXPECT_EQ(found.frame, capture::MakeFrame(3, 0x1000));
  EXPECT_EQ(found.rule, RuleFor(0x1000, 3).rule);
  EXPECT_FALSE(g_rule_cache.Find(0x1001, found));
}

TEST_F(RuleCacheTest, SweepDropsOnlyTheStale) {
  g_rule_cache.Insert(0x1000, RuleFor(0x1000, 3));
  g_rule_cache.Insert(0x2000, RuleFor(0x2000, 4));
  g_rule_cache.Sweep([](capture::Frame frame) { return capture::FrameModule(frame) == 3; });
  CachedRule found;
  EXPECT_FALSE(g_rule_cache.Find(0x1000, found));
  EXPECT_TRUE(g_rule_cache.Find(0x2000, found));
}

TEST_F(RuleCacheTest, ReadersBesideWritersSeeWholeEntriesOnly) {
  // Writers compete with different contents for a few PCs, and so for a few lines. A mixture of two
  // entries would be inconsistent.
  std::atomic<bool> stop = false;
  std::atomic<int> hits = 0;
  std::atomic<int> mixtures = 0;
  std::vector<std::thread> threads;
  for (uint32_t t = 0; t < 2; ++t) {
    threads.emplace_back([t, &stop] {
      for (uint32_t i = 0; !stop; ++i) {
        const uint64_t pc = 1 + i % 5;
        g_rule_cache.Insert(pc, RuleFor(pc, 1 + (i * 2 + t) % 1000));
      }
    });
  }
  threads.emplace_back([&] {
    for (int i = 0; i < 400'000 || (hits == 0 && i < 40'000'000); ++i) {
      const uint64_t pc = 1 + static_cast<uint64_t>(i) % 5;
      CachedRule found;
      if (!g_rule_cache.Find(pc, found)) continue;
      ++hits;
      const uint32_t variant = capture::FrameModule(found.frame);
      const bool whole =
          found.frame == RuleFor(pc, variant).frame && found.rule == RuleFor(pc, variant).rule;
      if (!whole) ++mixtures;
    }
    stop = true;
  });
  for (std::thread& thread : threads) thread.join();
  EXPECT_GT(hits, 0);
  EXPECT_EQ(mixtures, 0);
}

}  // namespace
}  // namespace leaktrack::track
