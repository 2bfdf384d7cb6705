// SPDX-License-Identifier: Apache-2.0
//
// What each function of the malloc family means for the record. The hooks' fast paths are not here:
// a test calls where they would end.
#include "libtrack/wrap/heap.h"

#include <errno.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cstdint>
#include <cstring>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "libtrack/platform/real/bootstrap.h"
#include "tests/wrap/tracked_run.h"

namespace leaktrack::track {
namespace {

class HeapTest : public ::testing::Test {
 protected:
  TrackedRun run_;
};

[[gnu::noinline]] void* AllocatesHere(size_t size) {
  void* const block = MallocSlow(size);
  asm volatile("" ::: "memory");  // no tail call: this function is the caller
  return block;
}

void* PosixAligned(size_t alignment, size_t size) {
  void* block = nullptr;
  EXPECT_EQ(PosixMemalignSlow(&block, alignment, size), 0);
  return block;
}

void* TakenFrom(size_t size, size_t, const void*) { return made::Malloc(size); }

struct Way {
  const char* name;
  void* (*allocate)();
  uint64_t bytes;  // as the program asked for
  size_t alignment;
};

const Way kWays[] = {
    {"malloc", [] { return MallocSlow(100); }, 100, 16},
    {"malloc of nothing", [] { return MallocSlow(0); }, 0, 16},
    {"calloc", [] { return CallocSlow(10, 30); }, 300, 16},
    {"realloc of null", [] { return ReallocSlow(nullptr, 50); }, 50, 16},
    {"reallocarray of null", [] { return ReallocarraySlow(nullptr, 5, 7); }, 35, 16},
    {"posix_memalign", [] { return PosixAligned(128, 70); }, 70, 128},
    {"aligned_alloc", [] { return AlignedAllocSlow(64, 640); }, 640, 64},
    {"memalign", [] { return MemalignSlow(1024, 10); }, 10, 1024},
    {"valloc", [] { return VallocSlow(11); }, 11, 4096},
    {"pvalloc", [] { return PvallocSlow(12); }, 12, 4096},
    {"an operator", [] { return AllocateSlow(TakenFrom, 13, 0, nullptr); }, 13, 16},
};

TEST_F(HeapTest, EachWayToABlockIsOneBirthOfTheBytesThatWereAskedFor) {
  for (const Way& way : kWays) {
    SCOPED_TRACE(way.name);
    const uint64_t births = run_.births();
    void* const block = way.allocate();
    ASSERT_NE(block, nullptr);
    EXPECT_EQ(reinterpret_cast<uintptr_t>(block) % way.alignment, 0u);
    EXPECT_EQ(run_.births(), births + 1);
    const auto entry = run_.Find(block);
    ASSERT_TRUE(entry.has_value());
    EXPECT_EQ(entry->size, way.bytes);
    FreeSlow(block);
    EXPECT_EQ(run_.blocks(), 0u);
  }
  run_.ExpectBalanced();
}

TEST_F(HeapTest, AWayThatIsRefusedIsNoBirthAndItsErrorIsTheRealOne) {
  for (const Way& way : kWays) {
    if (way.name == std::string("posix_memalign")) continue;  // tells by its result
    SCOPED_TRACE(way.name);
    made::g_script.refusals = 1;
    errno = 0;
    EXPECT_EQ(way.allocate(), nullptr);
    EXPECT_EQ(errno, ENOMEM);
    EXPECT_EQ(run_.births(), 0u);
  }
}

TEST_F(HeapTest, ErrnoIsLeftAloneByWhatSucceeds) {
  for (const Way& way : kWays) {
    SCOPED_TRACE(way.name);
    errno = EDOM;
    void* const block = way.allocate();
    EXPECT_EQ(errno, EDOM);
    void* const moved = ReallocSlow(block, 2000);
    EXPECT_EQ(errno, EDOM);
    FreeSlow(moved);
    EXPECT_EQ(errno, EDOM);
  }
}

TEST_F(HeapTest, TheSiteIsTheStackOfTheCaller) {
  void* const block = AllocatesHere(48);
  const auto entry = run_.Find(block);
  ASSERT_TRUE(entry.has_value());
  EXPECT_TRUE(run_.IsFrameIn(entry->site, 0, reinterpret_cast<const void*>(&AllocatesHere)));
  EXPECT_GT(run_.StackOf(entry->site).frame_count, 2u);
  EXPECT_EQ(run_.StackOf(entry->site).kind, static_cast<uint8_t>(capture::SiteKind::kHeap));
}

TEST_F(HeapTest, OneCallIsOneSiteAndAnotherCallAnother) {
  std::vector<capture::SiteId> sites;
  for (int i = 0; i < 3; ++i) sites.push_back(run_.Find(AllocatesHere(8))->site);
  sites.push_back(run_.Find(AllocatesHere(8))->site);
  EXPECT_EQ(sites[0], sites[1]);
  EXPECT_EQ(sites[1], sites[2]);
  EXPECT_NE(sites[2], sites[3]);
}

TEST_F(HeapTest, ABirthIsRecordedAfterTheRealCall) {
  uint64_t births_meanwhile = 99;
  made::g_script.during_allocation = [&] { births_meanwhile = run_.births(); };
  MallocSlow(10);
  EXPECT_EQ(births_meanwhile, 0u);
  EXPECT_EQ(run_.births(), 1u);
}

TEST_F(HeapTest, ADeathIsRecordedBeforeTheRealFree) {
  void* const block = MallocSlow(10);
  uint64_t deaths_before = 0, blocks_before = 99;
  void* freed = nullptr;
  made::g_script.before_free = [&](void* it) {
    freed = it;
    deaths_before = run_.deaths();
    blocks_before = run_.blocks();
  };
  FreeSlow(block);
  EXPECT_EQ(freed, block);
  EXPECT_EQ(deaths_before, 1u);
  EXPECT_EQ(blocks_before, 0u);
}

TEST_F(HeapTest, AFreeOfNothingOrOfAStrangersBlockGoesThroughAndIsNoDeath) {
  FreeSlow(nullptr);
  FreeSlow(made::Malloc(10));
  EXPECT_EQ(made::g_script.frees, 2);
  EXPECT_EQ(run_.deaths(), 0u);
}

TEST_F(HeapTest, AReallocTakesTheOldBlockOutBeforeItsPlaceCanBeAnothers) {
  void* const block = MallocSlow(100);
  uint64_t blocks_meanwhile = 99;
  made::g_script.during_allocation = [&] { blocks_meanwhile = run_.blocks(); };
  void* const moved = ReallocSlow(block, 300);
  EXPECT_EQ(blocks_meanwhile, 0u);
  EXPECT_FALSE(run_.Find(block).has_value());
  ASSERT_TRUE(run_.Find(moved).has_value());
  EXPECT_EQ(run_.bytes(), 300u);
  EXPECT_EQ(run_.births(), 2u);
  EXPECT_EQ(run_.deaths(), 1u);
  run_.ExpectBalanced();
}

TEST_F(HeapTest, AReallocThatFailsPutsTheBlockBackAsItWas) {
  void* const block = MallocSlow(100);
  const auto before = run_.Find(block);
  made::g_script.refusals = 1;
  errno = 0;
  EXPECT_EQ(ReallocSlow(block, 300), nullptr);
  EXPECT_EQ(errno, ENOMEM);
  const auto after = run_.Find(block);
  ASSERT_TRUE(before.has_value() && after.has_value());
  EXPECT_EQ(after->size, 100u);
  EXPECT_EQ(after->site, before->site);
  EXPECT_EQ(run_.births(), 1u);
  EXPECT_EQ(run_.deaths(), 0u);
  run_.ExpectBalanced();
}

TEST_F(HeapTest, AReallocToNothingIsAFree) {
  void* const block = MallocSlow(100);
  EXPECT_EQ(ReallocSlow(block, 0), nullptr);
  EXPECT_EQ(made::g_script.frees, 1);
  EXPECT_EQ(run_.blocks(), 0u);
  run_.ExpectBalanced();
}

TEST_F(HeapTest, AReallocOfAStrangersBlockIsABirth) {
  void* const moved = ReallocSlow(made::Malloc(10), 20);
  ASSERT_TRUE(run_.Find(moved).has_value());
  EXPECT_EQ(run_.Find(moved)->chain, 0u) << "nobody knows what it replaces";
  EXPECT_EQ(run_.deaths(), 0u);
}

TEST_F(HeapTest, BlocksThatReplaceEachOtherAreOneChain) {
  void* const first = MallocSlow(10);
  void* const second = ReallocSlow(first, 20);
  const uint32_t chain = run_.Find(second)->chain;
  EXPECT_NE(chain, 0u);
  void* const third = ReallocSlow(second, 30);
  EXPECT_EQ(run_.Find(third)->chain, chain);
  void* const other = ReallocSlow(MallocSlow(10), 20);
  EXPECT_NE(run_.Find(other)->chain, chain);
}

TEST_F(HeapTest, ACallocWhoseBytesOverflowIsLeftToTheRealOneToRefuse) {
  errno = 0;
  EXPECT_EQ(CallocSlow(SIZE_MAX / 2, 4), nullptr);
  EXPECT_EQ(errno, ENOMEM);
  EXPECT_EQ(run_.births(), 0u);
}

TEST_F(HeapTest, AReallocarrayWhoseBytesOverflowKeepsTheBlock) {
  void* const block = MallocSlow(100);
  errno = 0;
  EXPECT_EQ(ReallocarraySlow(block, SIZE_MAX / 2, 4), nullptr);
  EXPECT_EQ(errno, ENOMEM);
  EXPECT_EQ(run_.Find(block)->size, 100u);
  EXPECT_EQ(made::g_script.allocations, 1);
}

TEST_F(HeapTest, AReallocarrayOfTheCLibrarysIsNotRecordedTwice) {
  g_real.reallocarray = made::Reallocarray;  // it would call the program's realloc, which is ours
  EXPECT_NE(ReallocarraySlow(nullptr, 3, 4), nullptr);
  EXPECT_EQ(run_.births(), 0u);
}

TEST_F(HeapTest, PosixMemalignTellsByItsResultAndLeavesTheRestAlone) {
  void* const before = &run_;
  void* block = before;
  errno = EDOM;
  EXPECT_EQ(PosixMemalignSlow(&block, 3, 100), EINVAL);
  made::g_script.refusals = 1;
  EXPECT_EQ(PosixMemalignSlow(&block, 64, 100), ENOMEM);
  EXPECT_EQ(block, before);
  EXPECT_EQ(errno, EDOM);
  EXPECT_EQ(run_.births(), 0u);
}

TEST_F(HeapTest, WhatIsAskedForInsideAHookIsCountedAndFreedAllTheSame) {
  void* const tracked = MallocSlow(10);
  void* nested = nullptr;
  {
    const HookGuard guard;
    nested = MallocSlow(20);
    FreeSlow(tracked);
  }
  EXPECT_NE(nested, nullptr);
  EXPECT_FALSE(run_.Find(nested).has_value());
  EXPECT_EQ(run_.loss(capture::kNestedAllocations), 1u);
  EXPECT_EQ(run_.blocks(), 0u) << "the guard blocks births, never deaths";
  FreeSlow(nested);
  run_.ExpectBalanced();
}

TEST_F(HeapTest, AnAddressThatComesAgainEndsTheBlockWhoseFreeWasMissed) {
  void* const block = MallocSlow(100);
  made::g_script.next_block = block;
  EXPECT_EQ(MallocSlow(30), block);
  EXPECT_EQ(run_.loss(capture::kStaleBlocks), 1u);
  EXPECT_EQ(run_.bytes(), 30u);
  run_.ExpectBalanced();
}

TEST_F(HeapTest, WhereTheProgramsMallocIsNotOursNothingIsRecorded) {
  g_heap_is_bypassed = true;
  EXPECT_NE(MallocSlow(100), nullptr);
  EXPECT_EQ(run_.births(), 0u);
  EXPECT_EQ(hot_thread.countdown, kInertBudget) << "and the thread does not ask again soon";
}

TEST_F(HeapTest, WithTheGateShutCallsPassThrough) {
  g_filter.Shut();
  void* const block = MallocSlow(100);
  EXPECT_NE(block, nullptr);
  EXPECT_EQ(run_.births(), 0u);
}

TEST_F(HeapTest, ABlockOfTheBootstrapNeverReachesTheRealAllocator) {
  auto* const early = static_cast<char*>(BootstrapAllocate(64, 16));
  auto* const other = static_cast<char*>(BootstrapAllocate(64, 16));
  std::strcpy(early, "written before there was a malloc");
  GuardBootstrapBlocks();
  FreeSlow(other);
  EXPECT_EQ(made::g_script.frees, 0);
  auto* const moved = static_cast<char*>(ReallocSlow(early, 200));
  EXPECT_STREQ(moved, "written before there was a malloc");
  EXPECT_EQ(made::g_script.frees, 0);
  EXPECT_EQ(run_.Find(moved)->size, 200u);
  FreeSlow(moved);
  EXPECT_EQ(made::g_script.frees, 1);
  EXPECT_EQ(run_.blocks(), 0u);
}

TEST(SampledHeapTest, ALargeBlockIsRecordedWithItsIntervalAndTheNextBudgetIsDrawn) {
  TrackedRun run(4096);
  void* const block = MallocSlow(1 << 20);
  const auto entry = run.Find(block);
  ASSERT_TRUE(entry.has_value());
  EXPECT_EQ(entry->interval_index, kBaseIndex);
  EXPECT_GT(hot_thread.countdown, 0u);
  EXPECT_TRUE(g_filter.MayBeTracked(block));
  FreeSlow(block);
  EXPECT_FALSE(g_filter.MayBeTracked(block));
  EXPECT_EQ(run.blocks(), 0u);
}

TEST(SampledHeapTest, WhatLiesBelowTheBudgetTakesItsBytesFromIt) {
  TrackedRun run(1 << 30);
  hot_thread.countdown = 0;
  MallocSlow(100);
  ASSERT_GT(hot_thread.countdown, 1000u);
  const uint64_t before = hot_thread.countdown;
  EXPECT_NE(MallocSlow(100), nullptr);
  EXPECT_EQ(hot_thread.countdown, before - 100);
  EXPECT_EQ(run.births(), 0u);
}

TEST(SampledHeapTest, AnImpossibleSizeIsNeverSampled) {
  TrackedRun run(4096);
  made::g_script.next_block = &run;  // any address will do
  EXPECT_EQ(MallocSlow(kLargestSampled + 1), &run);
  EXPECT_EQ(run.births(), 0u);
}

// Blocks are born in one thread, moved or freed in another.
TEST_F(HeapTest, ThreadsThatHandBlocksOnLeaveTheBooksBalanced) {
  constexpr int kThreads = 4, kRounds = 500;
  std::vector<std::atomic<void*>> hands(16);
  const auto work = [&](uint32_t seed) {
    for (int i = 0; i < kRounds; ++i) {
      seed = seed * 1664525 + 1013904223;
      void* block = hands[seed >> 28].exchange(MallocSlow(seed % 500 + 1));
      if (block != nullptr && i % 3 == 0) block = ReallocSlow(block, seed % 700 + 1);
      if (block != nullptr) FreeSlow(block);
    }
  };
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) threads.emplace_back(work, i);
  for (std::thread& thread : threads) thread.join();
  uint64_t held = 0;
  for (const std::atomic<void*>& hand : hands) held += hand.load() != nullptr ? 1 : 0;
  EXPECT_EQ(run_.blocks(), held);
  EXPECT_GE(run_.births(), uint64_t{kThreads} * kRounds);
  run_.ExpectBalanced();
  for (std::atomic<void*>& hand : hands) FreeSlow(hand.load());
  EXPECT_EQ(run_.blocks(), 0u);
}

}  // namespace
}  // namespace leaktrack::track
