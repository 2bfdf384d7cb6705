// SPDX-License-Identifier: Apache-2.0
//
// The real allocator asked, and its own figures. When it is asked, and when no more, is tested to
// the millisecond with a made one: asked_allocator_test.cc.
#include "libtrack/runtime/allocator_watch.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <atomic>
#include <string>
#include <vector>

#include "libtrack/platform/os/helper_thread.h"

namespace leaktrack::track {
namespace {

constexpr int64_t kMiB = 1 << 20;

class AllocatorWatchTest : public ::testing::Test {
 protected:
  void SetUp() override {
#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
    GTEST_SKIP() << "a sanitizer owns malloc";
#endif
    FindAllocator();
    ASSERT_EQ(std::string(AllocatorName()), "glibc");
    watch_.Begin(0);
  }
  MemoryReading Look(uint64_t now_ms, int64_t anonymous = kMiB, bool may_ask = true) {
    MemoryReading sample;
    sample.anonymous = anonymous;
    watch_.Look(now_ms, may_ask, &sample);
    return sample;
  }
  void AwaitAnswer() {
    std::atomic<uint32_t> never{0};
    for (int i = 0; i < 30'000 && !watch_.Gone(); ++i) WaitWhile(&never, 0, 1'000'000);
    ASSERT_TRUE(watch_.Gone());
  }
  AllocatorWatch watch_{};
};

TEST_F(AllocatorWatchTest, AsksLateAndHearsTheAnswerWithTheNextEpoch) {
  constexpr uint64_t kFirst = AllocatorWatch::kFirstAfterMs;
  std::vector<char> block(50'000'000);
  EXPECT_EQ(Look(kFirst - 1).allocator_read_ms, kMemoryNotKnown);
  EXPECT_TRUE(watch_.Gone()) << "too early to ask";
  EXPECT_EQ(Look(kFirst, kMiB, false).allocator_read_ms, kMemoryNotKnown);
  EXPECT_TRUE(watch_.Gone()) << "not when stopping";
  EXPECT_EQ(Look(kFirst).allocator_read_ms, kMemoryNotKnown);
  AwaitAnswer();
  const MemoryReading sample = Look(kFirst + 1000);
  EXPECT_EQ(sample.allocator_read_ms, static_cast<int64_t>(kFirst));
  EXPECT_GE(sample.allocator_in_use, 50'000'000);
  EXPECT_GE(sample.allocator_mapped, sample.allocator_in_use + sample.allocator_free);
  EXPECT_GE(sample.allocator_arenas, 1);
  EXPECT_EQ(Look(kFirst + 2000).allocator_read_ms, static_cast<int64_t>(kFirst)) << "carried on";
}

TEST_F(AllocatorWatchTest, PausesForAtLeastTwoThousandTimesWhatAQuestionTook) {
  Look(3000);
  AwaitAnswer();
  Look(4000);
  if (watch_.given_up()) GTEST_SKIP() << "this heap is too large to be asked twice";
  Look(4000 + AllocatorWatch::kShortestPauseMs - 1);
  EXPECT_TRUE(watch_.Gone());
  const uint64_t day_ms = 24 * 3600 * 1000;
  Look(day_ms);
  AwaitAnswer();
  EXPECT_EQ(Look(day_ms + 1000).allocator_read_ms, static_cast<int64_t>(day_ms));
}

TEST_F(AllocatorWatchTest, AHeapThatTakesTooLongIsNeverAskedAgain) {
  std::vector<void*> blocks;
  for (int i = 0; i < 1'000'000; ++i) blocks.push_back(malloc(168));
  // 500,000 free chunks, no two of them adjacent.
  for (size_t i = 0; i < blocks.size(); i += 2) free(blocks[i]);
  Look(3000);
  AwaitAnswer();
  EXPECT_GE(Look(4000).allocator_free, 80'000'000);
  EXPECT_TRUE(watch_.given_up());
  Look(1'000'000'000);
  EXPECT_TRUE(watch_.Gone());
  EXPECT_EQ(Look(1'000'001'000).allocator_read_ms, 3000);
  for (size_t i = 1; i < blocks.size(); i += 2) free(blocks[i]);
}

TEST_F(AllocatorWatchTest, AHeapThatHasGrownOutOfProportionIsNotAsked) {
  Look(3000, kMiB);
  AwaitAnswer();
  Look(4000, kMiB);
  // A million times the memory, and the question took more than 2 ns.
  Look(1'000'000'000, kMiB * kMiB);
  EXPECT_TRUE(watch_.Gone());
  EXPECT_TRUE(watch_.given_up());
}

TEST(NarrowMallinfoTest, IsTrustedWhereItCannotHaveWrapped) {
  const NarrowMallinfo info{.arena = 3000, .hblkhd = 500, .uordblks = 1000, .fordblks = 2000};
  const AllocatorReading reading = FromNarrow(info, 1 << 20);
  EXPECT_EQ(reading.in_use, 1500);
  EXPECT_EQ(reading.free, 2000);
  EXPECT_EQ(reading.mapped, 3500);
}

TEST(NarrowMallinfoTest, IsNotKnownWhereItMayHaveWrapped) {
  const NarrowMallinfo info{.arena = 3000, .hblkhd = 500, .uordblks = 1000, .fordblks = 2000};
  EXPECT_EQ(FromNarrow(info, int64_t{3} << 30).in_use, -1) << "more data than 31 bits can count";
  EXPECT_EQ(FromNarrow(info, -1).in_use, -1) << "nobody knows how much data there is";
  const NarrowMallinfo wrapped{.arena = -100, .hblkhd = 0, .uordblks = -200, .fordblks = 100};
  EXPECT_EQ(FromNarrow(wrapped, 1 << 20).in_use, -1);
}

}  // namespace
}  // namespace leaktrack::track
