// SPDX-License-Identifier: Apache-2.0
//
// Births and deaths as the slow roads share them: budgets, guards, losses.
#include "libtrack/wrap/birth.h"

#include <errno.h>
#include <gtest/gtest.h>

#include <thread>

#include "libtrack/runtime/annotations.h"
#include "libtrack/wrap/death.h"
#include "tests/wrap/tracked_run.h"

namespace leaktrack::track {
namespace {

[[gnu::noinline]] StackStart Here() {
  return {reinterpret_cast<uintptr_t>(__builtin_return_address(0)),
          reinterpret_cast<uintptr_t>(__builtin_frame_address(0)) + 16,
          *static_cast<const uintptr_t*>(__builtin_frame_address(0))};
}

class BirthTest : public ::testing::Test {
 protected:
  void* Block(size_t index) { return room_ + 64 * index; }
  TrackedRun run_;
  alignas(64) char room_[1 << 14];
};

TEST_F(BirthTest, ABirthGivesItsBlockBackAndADeathEndsIt) {
  errno = EDOM;
  EXPECT_EQ(RecordHeapBirth(Block(0), 33, nullptr, Here()), Block(0));
  ASSERT_TRUE(run_.Find(Block(0)).has_value());
  EXPECT_EQ(run_.Find(Block(0))->size, 33u);
  SettleFree(Block(0));
  SettleFree(Block(0));
  EXPECT_EQ(errno, EDOM);
  EXPECT_EQ(run_.deaths(), 1u) << "of two frees one is the block's";
  run_.ExpectBalanced();
}

TEST_F(BirthTest, ABlockThatReplacesAnotherCarriesItsChain) {
  const ChainLink link{.chain = 77, .first_birth_s = 0};
  RecordHeapBirth(Block(0), 10, &link, Here());
  EXPECT_EQ(run_.Find(Block(0))->chain, 77u);
}

TEST_F(BirthTest, AStackThatStandsAgainIsNotWalkedAgainAndHasTheSameSite) {
  capture::SiteId sites[3];
  for (uint32_t i = 0; i < 3; ++i) {
    RecordHeapBirth(Block(i), 10, nullptr, Here());
    sites[i] = run_.Find(Block(i))->site;
  }
  EXPECT_EQ(sites[0], sites[1]);
  EXPECT_EQ(sites[1], sites[2]);
}

TEST_F(BirthTest, AStackThatCannotBeFollowedIsASiteAllTheSame) {
  alignas(16) uintptr_t nowhere[64] = {};
  const auto at = reinterpret_cast<uintptr_t>(nowhere);
  RecordHeapBirth(Block(0), 10, nullptr, {1, at + 64, at + 128});
  ASSERT_TRUE(run_.Find(Block(0)).has_value());
  EXPECT_NE(run_.Find(Block(0))->site, 0u);
  EXPECT_LE(run_.StackOf(run_.Find(Block(0))->site).frame_count, 1u);
}

TEST_F(BirthTest, ExactModeIsLeftWhenItsRoomIsFull) {
  TestImage& image = run_.image();
  image.RefuseCommits();
  uint64_t kept = 0;
  for (uint32_t i = 0; i < 200'000 && g_tracker.exact(); ++i) {
    const auto address = uintptr_t{0x10'0000} + 64 * i;
    RecordHeapBirth(reinterpret_cast<void*>(address), 10, nullptr, Here());
    kept = i;
  }
  EXPECT_FALSE(g_tracker.exact());
  EXPECT_GT(kept, 10'000u);
  EXPECT_NE(image.header().exact_limit_hit_ms.load(), 0u);
  run_.ExpectBalanced();
}

TEST_F(BirthTest, AThreadOfOurOwnPassesThrough) {
  // What it makes the allocator do is never recorded.
  std::thread([this] {
    NeverRecordThread(hot_thread);
    RecordHeapBirth(Block(0), 10, nullptr, Here());
  }).join();
  EXPECT_EQ(run_.births(), 0u);
}

TEST_F(BirthTest, ADeathInsideAHookIsBookedAllTheSame) {
  RecordHeapBirth(Block(0), 10, nullptr, Here());
  const HookGuard guard;
  SettleFree(Block(0));
  EXPECT_EQ(run_.deaths(), 1u);
  EXPECT_EQ(run_.blocks(), 0u);
}

TEST_F(BirthTest, WhatWasTakenOutIsSettledByWhomeverTookIt) {
  RecordHeapBirth(Block(0), 10, nullptr, Here());
  const Removed removed = g_tracker.Take(Block(0));
  ASSERT_TRUE(removed.found);
  std::thread([&] { SettleRemoved(removed); }).join();
  EXPECT_EQ(run_.deaths(), 1u);
  run_.ExpectBalanced();
}

TEST(SampledBirthTest, APoolsObjectIsJudgedByTheBudgetLikeABlock) {
  TrackedRun run(1 << 20);
  const uint32_t pool = FindOrCreatePool("birth");
  RecordPoolBirth(reinterpret_cast<void*>(0x3000), 0, pool,
                  Here());  // the thread's first: it draws
  ASSERT_GT(hot_thread.countdown, 0u);
  hot_thread.countdown = 1'000;
  RecordPoolBirth(reinterpret_cast<void*>(0x1000), 10, pool, Here());
  EXPECT_EQ(run.births(), 0u);
  EXPECT_EQ(hot_thread.countdown, 990u);
  RecordPoolBirth(reinterpret_cast<void*>(0x2000), 990, pool, Here());
  EXPECT_EQ(run.births(), 1u);
  run.ExpectBalanced();
}

}  // namespace
}  // namespace leaktrack::track
