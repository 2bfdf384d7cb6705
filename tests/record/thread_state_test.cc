// SPDX-License-Identifier: Apache-2.0
#include "libtrack/record/thread_state.h"

#include <gtest/gtest.h>

#include <memory>
#include <set>
#include <thread>
#include <vector>

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

}  // namespace
}  // namespace leaktrack::track
