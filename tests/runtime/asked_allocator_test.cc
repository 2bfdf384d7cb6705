// SPDX-License-Identifier: Apache-2.0
//
// When the allocator is asked, with an allocator that is slow, stuck or silent on demand. It is
// linked in place of platform/real/allocator_statistics.cc, so that this also runs where a
// sanitizer owns malloc.
#include <gtest/gtest.h>

#include <atomic>
#include <cstdint>
#include <initializer_list>

#include "libtrack/platform/os/clock.h"
#include "libtrack/platform/os/helper_thread.h"
#include "libtrack/runtime/allocator_watch.h"

namespace leaktrack::track {
namespace {

struct MadeAllocator {
  bool tells = true;
  std::atomic<uint32_t> answers{0};
  std::atomic<uint32_t> may_answer{1};
  int64_t takes_ns = 0;  // of processor time
} g_made;

}  // namespace

void FindAllocator() {}
const char* AllocatorName() { return "made"; }
bool AllocatorTells() { return g_made.tells; }
// Runs on a thread without state of its own: nothing that needs one may be called.
AllocatorReading ReadAllocator() {
  while (g_made.may_answer.load() == 0) WaitWhile(&g_made.may_answer, 0, 10'000'000);
  const int64_t begin = ReadClockNs(CLOCK_THREAD_CPUTIME_ID);
  while (ReadClockNs(CLOCK_THREAD_CPUTIME_ID) - begin < g_made.takes_ns) {
  }
  const auto number = static_cast<int64_t>(g_made.answers.fetch_add(1) + 1);
  return {.in_use = 100 * number, .free = 10 * number, .mapped = 110 * number, .arenas = number};
}

namespace {

constexpr uint64_t kFirst = AllocatorWatch::kFirstAfterMs,
                   kPause = AllocatorWatch::kShortestPauseMs;

class AskedAllocatorTest : public ::testing::Test {
 protected:
  void SetUp() override {
#if defined(__SANITIZE_THREAD__)
    GTEST_SKIP()
        << "the question borrows its asker's TLS, where this sanitizer keeps its own state";
#endif
    g_made.tells = true;
    g_made.answers = 0;
    g_made.may_answer = 1;
    g_made.takes_ns = 0;
    watch_.Begin(0);
  }
  void TearDown() override { watch_.Forget(); }
  MemoryReading Look(uint64_t now_ms, bool may_ask = true, int64_t anonymous = 1 << 20) {
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
  uint32_t answers() {
    AwaitAnswer();
    return g_made.answers;
  }
  AllocatorWatch watch_{};
};

TEST_F(AskedAllocatorTest, TheAnswerComesWithTheNextEpochAndIsCarriedOn) {
  Look(kFirst - 1);
  EXPECT_EQ(answers(), 0u) << "too early";
  EXPECT_EQ(Look(kFirst).allocator_in_use, kMemoryNotKnown);
  EXPECT_EQ(answers(), 1u);
  for (const uint64_t later : {kFirst + 1, kFirst + 2}) {
    const MemoryReading sample = Look(later);
    EXPECT_EQ(sample.allocator_in_use, 100);
    EXPECT_EQ(sample.allocator_free, 10);
    EXPECT_EQ(sample.allocator_mapped, 110);
    EXPECT_EQ(sample.allocator_arenas, 1);
    EXPECT_EQ(sample.allocator_read_ms, static_cast<int64_t>(kFirst));
  }
  EXPECT_EQ(answers(), 1u);
}

TEST_F(AskedAllocatorTest, ItIsAskedAgainAfterThePauseAndNotBefore) {
  Look(kFirst);
  AwaitAnswer();
  Look(kFirst + 10);  // takes the answer: the pause begins
  Look(kFirst + 10 + kPause - 1);
  EXPECT_EQ(answers(), 1u);
  Look(kFirst + 10 + kPause + 1'000'000);
  EXPECT_EQ(answers(), 2u);
  EXPECT_EQ(Look(kFirst + 20 + kPause + 1'000'000).allocator_in_use, 200);
}

TEST_F(AskedAllocatorTest, OneThatDoesNotTellIsNotAsked) {
  g_made.tells = false;
  Look(kFirst);
  Look(10 * kFirst);
  EXPECT_EQ(answers(), 0u);
}

TEST_F(AskedAllocatorTest, WhenTheProgramEndsNobodyIsAsked) {
  Look(kFirst, false);
  EXPECT_EQ(answers(), 0u);
}

TEST_F(AskedAllocatorTest, OneThatTookTooLongIsNeverAskedAgain) {
  g_made.takes_ns = AllocatorWatch::kLongestNs + 1'000'000;
  Look(kFirst);
  AwaitAnswer();
  EXPECT_EQ(Look(kFirst + 1).allocator_in_use, 100) << "its last answer is good";
  EXPECT_TRUE(watch_.given_up());
  Look(1'000'000'000);
  EXPECT_EQ(answers(), 1u);
}

TEST_F(AskedAllocatorTest, OneThatWouldTakeTooLongInSoMuchMoreMemoryIsNotAsked) {
  g_made.takes_ns = AllocatorWatch::kLongestNs / 4;
  Look(kFirst);
  AwaitAnswer();
  Look(kFirst + 1);
  if (watch_.given_up()) GTEST_SKIP() << "this machine is too busy for a short question";
  Look(1'000'000'000, true, int64_t{1} << 30);
  EXPECT_TRUE(watch_.given_up());
  EXPECT_EQ(answers(), 1u);
}

TEST_F(AskedAllocatorTest, OneThatNeverAnswersKeepsNobodyElse) {
  g_made.may_answer = 0;
  Look(kFirst);
  for (uint64_t now = kFirst + 1; now < kFirst + 100'000; now += 1000)
    EXPECT_EQ(Look(now).allocator_in_use, kMemoryNotKnown);
  EXPECT_FALSE(watch_.Gone());
  EXPECT_EQ(g_made.answers, 0u) << "asked once, and not heard";
  g_made.may_answer = 1;
  WakeAll(&g_made.may_answer);
  EXPECT_EQ(answers(), 1u);
  EXPECT_EQ(Look(kFirst + 100'001).allocator_read_ms, static_cast<int64_t>(kFirst));
}

TEST_F(AskedAllocatorTest, AForkChildBeginsAnew) {
  Look(kFirst);
  AwaitAnswer();
  Look(kFirst + 1);
  watch_.Forget();
  EXPECT_EQ(Look(kFirst - 1, false).allocator_in_use, kMemoryNotKnown);
  watch_.Begin(0);
  Look(kFirst);
  EXPECT_EQ(answers(), 2u);
}

}  // namespace
}  // namespace leaktrack::track
