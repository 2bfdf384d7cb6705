// SPDX-License-Identifier: Apache-2.0
#include "libtrack/record/tracker.h"

#include <gtest/gtest.h>

#include <memory>

#include "libtrack/capture/age_band.h"
#include "tests/record/test_image.h"

namespace leaktrack::track {
namespace {

uintptr_t Block(uint64_t n) { return 0x7f00'0000'0000 + 64 * n; }

TEST(TrackerTest, ExactModeCountsEveryBlockByItsSize) {
  Process process({.exact_block_limit = 100'000}, {.interval = 1});
  const capture::SiteId site = process.Site(1);
  for (uint64_t i = 0; i < 1'000; ++i) ASSERT_TRUE(process.Malloc(Block(i), i, site, 10));
  for (uint64_t i = 0; i < 400; ++i) ASSERT_TRUE(process.Free(Block(i), 14));
  const Books books = ReadBooks(process.image.view());
  EXPECT_EQ(books.births.bytes, 499'500.0);
  EXPECT_EQ(books.deaths.objects, 400.0);
  EXPECT_EQ(books.live.bytes, 499'500.0 - 79'800.0);
  EXPECT_EQ(ReadCell(process.image, site, capture::AgeBand(4)).samples, 400u);
  ExpectBalanced(process);
}

TEST(TrackerTest, OnlyExactModeKeepsTheStacksOfAThreadAndAsksForTheirMemoryOnce) {
  static int asked;
  static StackCache memory;
  for (const uint64_t interval : {uint64_t{1}, uint64_t{4'096}}) {
    asked = 0;
    Process process({}, {.thread_memory = [](size_t bytes) -> void* {
                           return ++asked == 1 && bytes == sizeof memory ? &memory : nullptr;
                         },
                         .interval = interval});
    for (uint64_t i = 0; i < 100; ++i) (void)process.Malloc(Block(i), 10'000, process.Site(1), 0);
    EXPECT_EQ(process.state->stacks, interval == 1 ? &memory : nullptr);
    EXPECT_EQ(asked, interval == 1 ? 1 : 0);
  }
}

TEST(TrackerTest, ExactModeGoesOnSamplingBeyondItsLimitAndSaysWhen) {
  Process process({.exact_block_limit = 50'000}, {.interval = 1});
  const capture::SiteId site = process.Site(1);
  uint64_t n = 0;
  for (; process.tracker->exact(); ++n) ASSERT_TRUE(process.Malloc(Block(n), 100, site, 7));
  EXPECT_GE(n, 50'000u);
  EXPECT_LE(n, 50'000u + LiveTable::kCountAtOnce);
  EXPECT_EQ(process.image.header().exact_limit_hit_ms.load(), 7u);
  uint64_t sampled = 0;
  for (const uint64_t first = n; n < first + 100'000; ++n)
    sampled += process.Malloc(Block(n), 100, site, 1'000 + n / 100);
  EXPECT_NEAR(static_cast<double>(sampled), 100'000 * 100 / 16384.0, 4 * 25);
  for (uint64_t i = 0; i < 50'000; ++i)
    ASSERT_TRUE(process.Free(Block(i), 3'000)) << "exact blocks stay";
  ExpectBalanced(process);
}

// A handler frees what the thread has allocated. The thread's counter and the header's drift apart,
// but their sum does not.
TEST(TrackerTest, ExactModeStaysExactWhateverHandlersFree) {
  Process process({.exact_block_limit = 1'000}, {.interval = 1});
  const capture::SiteId site = process.Site(1);
  for (uint64_t i = 0; i < 100'000; ++i) {
    ASSERT_TRUE(process.Malloc(Block(i), 100, site, 7));
    process.tracker->SettleDeath(nullptr, process.tracker->Take(Process::Ptr(Block(i))), 7);
  }
  EXPECT_TRUE(process.tracker->exact());
  EXPECT_EQ(OwnSums(process.image).counters.live, 0u);
  EXPECT_EQ(OwnSums(process.image).counters.samples, 100'000u);
  ExpectBalanced(process);
}

TEST(TrackerTest, S10_AStaleBlockAtTheSameAddressDiesAndIsCounted) {
  Process process({.exact_block_limit = 1'000}, {.interval = 1});
  ASSERT_TRUE(process.Malloc(Block(1), 100, process.Site(1), 5));
  ASSERT_TRUE(process.Malloc(Block(1), 300, process.Site(2), 9));
  EXPECT_EQ(process.image.loss(capture::kStaleBlocks), 1u);
  EXPECT_EQ(ReadBooks(process.image.view()).live.bytes, 300.0);
  ExpectBalanced(process);
}

TEST(TrackerTest, S1_ABlockTakenBeforeTheRealFreeCanBeReusedAtOnce) {
  Process process({.exact_block_limit = 1'000}, {.interval = 1});
  ASSERT_TRUE(process.Malloc(Block(1), 100, process.Site(1), 5));
  const Removed old = process.tracker->Take(Process::Ptr(Block(1)));  // before the real free
  ASSERT_TRUE(process.Malloc(Block(1), 300, process.Site(2), 6));  // another thread got the address
  process.tracker->SettleDeath(nullptr, old, 7);
  EXPECT_EQ(process.image.loss(capture::kStaleBlocks), 0u);
  EXPECT_EQ(ReadBooks(process.image.view()).live.bytes, 300.0);
  ExpectBalanced(process);
}

TEST(TrackerTest, S2_AFailedReallocKeepsTheOldBlock) {
  Process process({.exact_block_limit = 1'000}, {.interval = 1});
  ASSERT_TRUE(process.Malloc(Block(1), 100, process.Site(1), 5));
  const Removed old = process.tracker->Take(Process::Ptr(Block(1)));
  process.tracker->PutBack(Process::Ptr(Block(1)), old);
  const Removed again = process.tracker->Take(Process::Ptr(Block(1)));
  ASSERT_TRUE(again.found);
  EXPECT_EQ(again.entry.birth_ms, 5u);
  EXPECT_EQ(again.entry.size, 100u);
  EXPECT_EQ(ReadBooks(process.image.view()).deaths.samples, 0.0);
}

TEST(TrackerTest, AReallocChainKeepsItsIdAndFirstBirth) {
  Process process({.exact_block_limit = 1'000}, {.interval = 1});
  const capture::SiteId site = process.Site(1);
  ASSERT_TRUE(process.Malloc(Block(1), 100, site, 9'000));
  for (uint64_t i = 1; i < 4; ++i) {
    Removed old = process.tracker->Take(Process::Ptr(Block(i)));
    const ChainLink link = process.tracker->Continue(old);
    EXPECT_EQ(link.chain, old.entry.chain) << "the death carries the chain, too";
    process.tracker->SettleDeath(process.state.get(), old, 10'000 * i);
    ASSERT_TRUE(process.Malloc(Block(i + 1), 100 << i, site, 10'000 * i, &link));
    EXPECT_EQ(link.chain, 1u);
    EXPECT_EQ(link.first_birth_s, 9u);
  }
  ExpectBalanced(process);
}

TEST(TrackerTest, OnlyOldOrLargeDeathsAreKeptOneByOne) {
  Process process({}, {.interval = 4'096});
  const capture::SiteId site = process.Site(1);
  process.tracker->AdoptThread(process.hot, *process.state, 1);
  uint64_t n = 0;
  auto live_one = [&](uint64_t size, uint64_t now_ms) {
    while (!process.Malloc(Block(++n), size, site, now_ms)) {
    }
    return Block(n);
  };
  ASSERT_TRUE(process.Free(live_one(100, 0), 29'000));
  EXPECT_EQ(process.state->block->written.load(), 0u);
  ASSERT_TRUE(process.Free(live_one(100, 0), 31'000));
  EXPECT_EQ(process.state->block->written.load(), 1u);
  ASSERT_TRUE(process.Free(live_one(4'096, 31'000), 31'001));
  EXPECT_EQ(process.state->block->written.load(), 2u);
  // After 64 hours "old" means older than an hour.
  constexpr uint64_t kHour = 3'600'000;
  ASSERT_TRUE(process.Free(live_one(100, 64 * kHour - kHour / 2), 64 * kHour));
  EXPECT_EQ(process.state->block->written.load(), 2u);
}

TEST(TrackerTest, T5_AFreeAfterTheThreadEndedUsesTheCommonRing) {
  Process process({}, {.interval = 4'096});
  process.tracker->AdoptThread(process.hot, *process.state, 1);
  ASSERT_TRUE(process.Malloc(Block(1), 1 << 20, process.Site(1), 0));
  process.tracker->ReleaseThread(process.hot, *process.state);
  const Removed removed = process.tracker->Take(Process::Ptr(Block(1)));
  process.tracker->SettleDeath(nullptr, removed, 1);
  EXPECT_EQ(process.tracker->thread_blocks().common().written.load(), 1u);
  ExpectBalanced(process);
}

TEST(TrackerTest, S9_AFullTableLosesTheBlockNotTheBalance) {
  Process process({.live_limit = 64, .exact_block_limit = 100}, {.interval = 1});
  process.image.RefuseCommits();
  const capture::SiteId site = process.Site(1);
  for (uint64_t i = 0; i < 2'000; ++i) (void)process.Malloc(Block(i), 1 << 20, site, 1);
  ExpectBalanced(process);
  for (uint64_t i = 0; i < 2'000; ++i) (void)process.Free(Block(i), 2);
  ExpectBalanced(process);
  EXPECT_EQ(ReadBooks(process.image.view()).live.samples, 0.0);
}

TEST(TrackerTest, ThinningKeepsTheBooksBalanced) {
  Process process({.live_limit = 1'024});
  const capture::SiteId site = process.Site(1);
  for (uint64_t i = 0; i < 40'000; ++i)
    (void)process.Malloc(Block(i), 16 + i % 30'000, site, i / 100);
  EXPECT_GT(process.image.header().thinned_total.load(), 500u);
  EXPECT_EQ(process.image.loss(capture::kLostAllocations), 0u);
  ExpectBalanced(process);
  for (uint64_t i = 0; i < 40'000; ++i) (void)process.Free(Block(i), 500);
  const Books books = ReadBooks(process.image.view());
  EXPECT_EQ(books.live.samples, 0.0);
  EXPECT_NEAR(books.Expected().bytes, 0.0, 1e-9 * books.births.bytes);
}

TEST(TrackerTest, AStackThatFindsNoRoomBecomesTheUnknownSite) {
  Process process({.depot_bytes = 64 * 1024}, {.interval = 1});
  capture::SiteId site = 1;
  uint64_t n = 0;
  const capture::SiteId unknown = process.tracker->Intern({capture::SiteKind::kHeap, {}, true});
  while ((site = process.Site(++n)) != unknown && n < 100'000) {
  }
  EXPECT_EQ(site, unknown);
  EXPECT_GE(process.image.loss(capture::kLostUnwind), 1u);
  EXPECT_NE(unknown, 0u);
}

TEST(TrackerTest, F1_AThreadStateFromBeforeTheForkStartsAfresh) {
  Process parent({}, {.interval = 4'096});
  parent.tracker->AdoptThread(parent.hot, *parent.state, 1);
  Sample sample;
  (void)parent.tracker->Judge(parent.hot, *parent.state, 1, 0, &sample);
  const uint64_t countdown = parent.hot.countdown;
  TestImage image;  // the child's
  auto filter = std::make_unique<Filter>();
  TrackerOptions options = image.options(filter.get());
  options.interval = 4'096;
  options.seed = 99;
  ASSERT_TRUE(parent.tracker->Bind(options));
  (void)parent.tracker->Judge(parent.hot, *parent.state, 0, 0, &sample);
  EXPECT_NE(parent.hot.countdown, countdown);
  EXPECT_EQ(parent.state->block, nullptr);
}

}  // namespace
}  // namespace leaktrack::track
