// SPDX-License-Identifier: Apache-2.0
//
// Objects of a program's own allocator: what it announces is born and dies as blocks do.
#include "libtrack/wrap/pool.h"

#include <errno.h>
#include <gtest/gtest.h>

#include <initializer_list>

#include "libtrack/runtime/annotations.h"
#include "libtrack/wrap/heap.h"
#include "tests/wrap/tracked_run.h"

namespace leaktrack::track {
namespace {

class PoolTest : public ::testing::Test {
 protected:
  static constexpr size_t kObject = 48;
  void* Object(size_t index) { return memory_ + index * kObject; }
  void* Announce(uint32_t pool, size_t index) {
    PoolAllocateSlow(pool, Object(index), kObject);
    return Object(index);
  }
  bool IsKnown(size_t index) { return run_.Find(PoolKey(Object(index))).has_value(); }

  TrackedRun run_;
  const uint32_t pool_ = FindOrCreatePool("a pool"), other_ = FindOrCreatePool("another");
  alignas(64) char memory_[1 << 16];
};

[[gnu::noinline]] void AnnouncesHere(uint32_t pool, const void* object) {
  PoolAllocateSlow(pool, object, 24);
  asm volatile("" ::: "memory");
}

TEST_F(PoolTest, AnObjectLivesFromItsAnnouncementToItsFree) {
  Announce(pool_, 0);
  Announce(pool_, 1);
  EXPECT_EQ(run_.bytes(), 2 * kObject);
  PoolFreeSlow(Object(0));
  EXPECT_EQ(run_.bytes(), kObject);
  PoolFreeSlow(Object(0));
  EXPECT_EQ(run_.deaths(), 1u) << "freed twice, it has died once";
  run_.ExpectBalanced();
}

TEST_F(PoolTest, ItsSiteIsTheCallersStackAndThePool) {
  AnnouncesHere(pool_, Object(0));
  const auto entry = run_.Find(PoolKey(Object(0)));
  ASSERT_TRUE(entry.has_value());
  const capture::StackRecord& stack = run_.StackOf(entry->site);
  EXPECT_TRUE(run_.IsFrameIn(entry->site, 0, reinterpret_cast<const void*>(&AnnouncesHere)));
  const capture::Frame last = stack.frames[stack.frame_count - 1];
  EXPECT_EQ(capture::FrameModule(last), capture::kPoolModule);
  EXPECT_EQ(capture::FrameAddress(last), pool_);
}

TEST_F(PoolTest, OneStackInTwoPoolsIsTwoSites) {
  capture::SiteId sites[2];
  for (uint32_t i = 0; i < 2; ++i) {
    AnnouncesHere(i == 0 ? pool_ : other_, Object(i));
    sites[i] = run_.Find(PoolKey(Object(i)))->site;
  }
  EXPECT_NE(sites[0], sites[1]);
}

TEST_F(PoolTest, WithoutAPoolThereIsNoObject) {
  Announce(0, 0);
  Announce(kMaxPools + 1, 1);
  EXPECT_EQ(run_.births(), 0u);
}

TEST_F(PoolTest, ABlockAndTheObjectAtItsBeginningAreTwo) {
  void* const block = MallocSlow(1000);
  PoolAllocateSlow(pool_, block, 10);
  EXPECT_EQ(run_.bytes(), 1010u);
  PoolFreeSlow(block);
  EXPECT_EQ(run_.bytes(), 1000u);
  FreeSlow(block);
  EXPECT_EQ(run_.blocks(), 0u);
}

TEST_F(PoolTest, TheBackingIsStruckFromTheBooksAndItsFreeIsNoDeathMore) {
  void* const block = MallocSlow(1000);
  PoolAllocateSlow(pool_, block, 10);
  PoolTakeBacking(block, 1000);
  EXPECT_EQ(run_.bytes(), 10u);
  FreeSlow(block);
  EXPECT_EQ(run_.bytes(), 10u);
  EXPECT_EQ(run_.deaths(), 1u);
}

// In exact mode a range is asked about byte by byte, unless the table holds fewer entries than
// that.
TEST_F(PoolTest, ClearingARangeEndsWhatBeginsInItAndNothingElse) {
  for (size_t i = 0; i < 10; ++i) Announce(pool_, i);
  PoolClear(Object(2), 3 * kObject);
  for (size_t i = 0; i < 10; ++i) EXPECT_EQ(IsKnown(i), i < 2 || i >= 5) << i;
  PoolClear(Object(0), 0);
  EXPECT_EQ(run_.blocks(), 7u);
  PoolClear(memory_ - (1 << 20), 2 << 20);
  EXPECT_EQ(run_.blocks(), 0u) << "by a walk through the table";
  run_.ExpectBalanced();
}

TEST(SampledPoolTest, ClearingAsksTheFilterForEachPlace) {
  TrackedRun run(4096);
  const uint32_t pool = FindOrCreatePool("sampled");
  alignas(64) static char memory[8 << 10];
  hot_thread.countdown = 1;
  PoolAllocateSlow(pool, memory + 4096, 1 << 20);
  ASSERT_EQ(run.blocks(), 1u);
  PoolClear(memory, 4096);
  EXPECT_EQ(run.blocks(), 1u);
  PoolClear(memory + 4096, 1);
  EXPECT_EQ(run.blocks(), 0u);
  run.ExpectBalanced();
}

TEST_F(PoolTest, DestroyingAPoolEndsItsObjectsAlone) {
  void* const block = MallocSlow(100);
  for (size_t i = 0; i < 6; ++i) Announce(i % 2 == 0 ? pool_ : other_, i);
  PoolDestroy(pool_);
  EXPECT_EQ(run_.blocks(), 4u);
  PoolDestroy(0);
  EXPECT_EQ(run_.blocks(), 4u);
  PoolDestroy(other_);
  EXPECT_TRUE(run_.Find(block).has_value());
  EXPECT_EQ(run_.blocks(), 1u);
  run_.ExpectBalanced();
}

TEST_F(PoolTest, WhatIsMarkedImmortalGoesOnAtASiteOfItsOwn) {
  void* const block = MallocSlow(100);
  Announce(pool_, 0);
  const capture::SiteId before = run_.Find(block)->site;
  errno = EDOM;
  MarkImmortal(block);
  MarkImmortal(Object(0));
  MarkImmortal(nullptr);
  MarkImmortal(&run_);
  EXPECT_EQ(errno, EDOM);
  EXPECT_NE(run_.Find(block)->site, before);
  for (const void* key : {static_cast<const void*>(block), PoolKey(Object(0))})
    EXPECT_EQ(run_.StackOf(run_.Find(key)->site).kind,
              static_cast<uint8_t>(capture::SiteKind::kImmortal));
  EXPECT_EQ(run_.blocks(), 2u);
  FreeSlow(block);
  EXPECT_EQ(run_.blocks(), 1u) << "it may be freed all the same";
  run_.ExpectBalanced();
}

TEST_F(PoolTest, WithTheGateShutNothingIsHeard) {
  Announce(pool_, 0);
  g_filter.Shut();
  PoolClear(memory_, sizeof memory_);
  PoolDestroy(pool_);
  PoolTakeBacking(memory_, sizeof memory_);
  MarkImmortal(Object(0));
  EXPECT_EQ(run_.blocks(), 1u);
}

TEST_F(PoolTest, InsideAHookAnObjectIsCountedAndNotRecorded) {
  const HookGuard guard;
  Announce(pool_, 0);
  EXPECT_EQ(run_.births(), 0u);
  EXPECT_EQ(run_.loss(capture::kNestedAllocations), 1u);
}

}  // namespace
}  // namespace leaktrack::track
