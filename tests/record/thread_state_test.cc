// SPDX-License-Identifier: Apache-2.0
#include "libtrack/record/thread_state.h"

#include <gtest/gtest.h>

#include <memory>
#include <set>
#include <thread>
#include <vector>

#include "libtrack/record/guard.h"

namespace leaktrack::track {
namespace {

TEST(ThreadStatePoolTest, HandsOutEachStateOnceAndSaysWhenThereIsNone) {
  auto slab = std::make_unique<ThreadState[]>(3);
  ThreadStatePool pool{};
  EXPECT_EQ(pool.Acquire(), nullptr);
  EXPECT_EQ(pool.AddSlab(slab.get(), 3 * sizeof(ThreadState) + 100), 3u);
  const std::set<ThreadState*> states = {pool.Acquire(), pool.Acquire(), pool.Acquire()};
  EXPECT_EQ(states.size(), 3u);
  EXPECT_EQ(states.count(nullptr), 0u);
  EXPECT_EQ(pool.Acquire(), nullptr);
  pool.Release(*states.begin());
  EXPECT_EQ(pool.Acquire(), *states.begin());
}

TEST(ThreadStatePoolTest, NoTwoThreadsHoldTheSameState) {
  auto slab = std::make_unique<ThreadState[]>(3);
  ThreadStatePool pool{};
  pool.AddSlab(slab.get(), 3 * sizeof(ThreadState));
  std::vector<std::thread> threads;
  for (uint64_t t = 1; t <= 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 20'000; ++i) {
        ThreadState* const state = pool.Acquire();
        if (state == nullptr) continue;
        state->runtime_words[0] = t;
        ASSERT_EQ(state->runtime_words[0], t);
        pool.Release(state);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  int left = 0;
  while (pool.Acquire() != nullptr) ++left;
  EXPECT_EQ(left, 3);
}

TEST(GuardTest, NestedEntryIsRefused) {
  HotThread hot{};
  {
    ReentrancyGuard outer(hot);
    EXPECT_TRUE(outer.entered());
    ReentrancyGuard inner(hot);
    EXPECT_FALSE(inner.entered());
  }
  ReentrancyGuard again(hot);
  EXPECT_TRUE(again.entered());
}

// Enters and never leaves, as if a handler had jumped out of the slow path.
[[gnu::noinline]] void AbandonGuard(HotThread& hot) {
  alignas(ReentrancyGuard) char memory[sizeof(ReentrancyGuard)];
  new (memory) ReentrancyGuard(hot);
  asm volatile("" : : "r"(memory) : "memory");
}

TEST(GuardTest, AGuardThatWasJumpedOutOfIsTakenAsAbandonedAfterAWhile) {
  HotThread hot{};
  AbandonGuard(hot);
  ASSERT_EQ(hot.guard_depth, 1u);
  hot.guard_frame = reinterpret_cast<uintptr_t>(__builtin_frame_address(0)) - 4'096;
  uint32_t refused = 0;
  while (!ReentrancyGuard(hot).entered()) ++refused;
  EXPECT_EQ(refused, kAbandonedAfter - 1);
  EXPECT_EQ(hot.guard_depth, 0u);
}

TEST(GuardTest, DeepHandlersOfAnActiveGuardAreRefusedForEver) {
  HotThread hot{};
  ReentrancyGuard outer(hot);
  hot.guard_frame = reinterpret_cast<uintptr_t>(__builtin_frame_address(0)) + 4'096;  // the holder lies above us
  for (uint32_t i = 0; i < 3 * kAbandonedAfter; ++i) ASSERT_FALSE(ReentrancyGuard(hot).entered());
}

}  // namespace
}  // namespace leaktrack::track
