// SPDX-License-Identifier: Apache-2.0
#include "libtrack/record/kept_ring.h"

#include <gtest/gtest.h>

#include <memory>
#include <set>
#include <thread>
#include <vector>

#include "tests/record/test_image.h"

namespace leaktrack::track {
namespace {

using capture::KeptEvent;
using capture::ThreadBlock;

TEST(KeptRingTest, EventsComeOutInOrderAndWhole) {
  auto block = std::make_unique<ThreadBlock>();
  for (uint64_t i = 0; i < 5; ++i) {
    ASSERT_TRUE(PushKeptDeath(
        *block, {.size = i, .interval_index = 3, .site = 7, .birth_ms = 10, .chain = 9}, 20 + i));
  }
  const KeptEvent* event = nullptr;
  for (uint64_t i = 0; i < 5; ++i) {
    ASSERT_EQ(PeekKept(*block, i, &event), Peek::kReady);
    EXPECT_EQ(event->size_interval, i << 8 | 3);
    EXPECT_EQ(event->death_ms, 20 + i);
    EXPECT_EQ(event->site, 7u);
    EXPECT_EQ(event->chain, 9u);
  }
  EXPECT_EQ(PeekKept(*block, 5, &event), Peek::kNone);
}

TEST(KeptRingTest, AFullRingRefusesUntilTheReaderHasMoved) {
  auto block = std::make_unique<ThreadBlock>();
  for (uint32_t i = 0; i < capture::kRingEvents; ++i) ASSERT_TRUE(PushKeptDeath(*block, {}, i));
  EXPECT_FALSE(PushKeptDeath(*block, {}, 0));
  block->consumed.store(1);
  EXPECT_TRUE(PushKeptDeath(*block, {}, 999));
  const KeptEvent* event = nullptr;
  ASSERT_EQ(PeekKept(*block, capture::kRingEvents, &event), Peek::kReady);
  EXPECT_EQ(event->death_ms, 999u);
}

TEST(KeptRingTest, AnInterruptedPushHidesOnlyItself) {
  auto block = std::make_unique<ThreadBlock>();
  block->written.store(1);  // position 0 is reserved and never filled
  ASSERT_TRUE(PushKeptDeath(*block, {}, 5));
  const KeptEvent* event = nullptr;
  EXPECT_EQ(PeekKept(*block, 0, &event), Peek::kReserved);
  EXPECT_EQ(PeekKept(*block, 1, &event), Peek::kReady);
}

TEST(KeptRingTest, ManyPushersAndOneReaderLoseOnlyWhatIsRefused) {
  auto block = std::make_unique<ThreadBlock>();
  std::atomic<int> running{3};
  std::atomic<uint64_t> pushed{0};
  std::vector<std::thread> threads;
  for (uint64_t t = 0; t < 3; ++t) {
    threads.emplace_back([&, t] {
      for (uint64_t i = 0; i < 20'000; ++i)
        pushed += PushKeptDeath(*block, {.size = t << 32 | i}, i);
      --running;
    });
  }
  std::set<uint64_t> seen;
  uint64_t position = 0;
  const KeptEvent* event = nullptr;
  for (;;) {
    const bool last = running.load() == 0;
    while (PeekKept(*block, position, &event) == Peek::kReady) {
      EXPECT_TRUE(seen.insert(event->size_interval).second);
      block->consumed.store(++position, std::memory_order_release);
    }
    if (last) break;
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(seen.size(), pushed.load());
}

TEST(ThreadBlocksTest, T6_NumbersAreNeverUsedAgainAndBlocksAre) {
  TestImage image;
  auto blocks = std::make_unique<ThreadBlocks>();
  blocks->Bind(image.view());
  std::set<uint32_t> numbers;
  for (uint32_t i = 0; i < 100'000; ++i) {
    ThreadBlock* const block = blocks->Acquire(i);
    ASSERT_NE(block, nullptr);
    ASSERT_TRUE(numbers.insert(block->thread_number.load()).second);
    blocks->Release(block);
  }
  EXPECT_EQ(image.header().thread_count.load(), 2u);
}

TEST(ThreadBlocksTest, ExhaustionIsCountedAndHealsWhenAThreadEnds) {
  TestImage image(ImageOptions{.thread_blocks = 3});
  auto blocks = std::make_unique<ThreadBlocks>();
  blocks->Bind(image.view());
  ThreadBlock* const one = blocks->Acquire(1);
  EXPECT_NE(blocks->Acquire(2), nullptr);
  EXPECT_EQ(blocks->Acquire(3), nullptr);
  EXPECT_EQ(image.loss(capture::kLostThreads), 1u);
  blocks->Release(one);
  EXPECT_EQ(blocks->Acquire(4), one);
}

TEST(ThreadBlocksTest, ThreadsComeAndGoTogether) {
  TestImage image;
  auto blocks = std::make_unique<ThreadBlocks>();
  blocks->Bind(image.view());
  std::vector<std::thread> threads;
  for (uint32_t t = 1; t <= 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 10'000; ++i) {
        ThreadBlock* const block = blocks->Acquire(t);
        ASSERT_EQ(block->tid, t) << "two threads share a block";
        blocks->Release(block);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_LE(image.header().thread_count.load(), 5u);
}

}  // namespace
}  // namespace leaktrack::track
