// SPDX-License-Identifier: Apache-2.0
#include "libtrack/record/live_table.h"

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <string>
#include <thread>

#include "tests/record/test_image.h"

namespace leaktrack::track {
namespace {

struct Table : LiveTable {
  explicit Table(const ImageOptions& options = {}) : image(options) {
    Bind(image.view(), options.exact_block_limit != 0);
  }
  TestImage image;

  // With the counting that a Tracker does.
  bool Insert(uintptr_t block, const LiveEntry& entry) {
    if (LiveTable::Insert(block, entry) != Inserted::kYes) return false;
    Count(1);
    return true;
  }
  bool Take(uintptr_t block, LiveEntry* entry) {
    if (!LiveTable::Take(block, entry)) return false;
    Count(-1);
    return true;
  }
};

constexpr uintptr_t kHeap = 0x7f12'3456'0000;
uintptr_t Block(uint64_t n) { return kHeap + 48 * n; }

// Block n has size n.
void InsertAll(Table& table, uint64_t count) {
  for (uint64_t n = 0; n < count; ++n) ASSERT_TRUE(table.Insert(Block(n), {.size = n}));
}

void TakeAll(Table& table, uint64_t count) {
  LiveEntry out;
  for (uint64_t n = 0; n < count; ++n) {
    ASSERT_TRUE(table.Take(Block(n), &out));
    ASSERT_EQ(out.size, n);
  }
}

TEST(LiveTableTest, ReturnsWhatItWasGiven) {
  auto table = std::make_unique<Table>();
  const LiveEntry in{(uint64_t{1} << 47) - 1, 27, 0xffff'ffff, (uint64_t{1} << 40) - 1,
                     (1u << 24) - 1,          77};
  ASSERT_TRUE(table->Insert(Block(1), in));
  LiveEntry out;
  ASSERT_TRUE(table->Take(Block(1), &out));
  EXPECT_EQ(out.size, in.size);
  EXPECT_EQ(out.interval_index, in.interval_index);
  EXPECT_EQ(out.site, in.site);
  EXPECT_EQ(out.birth_ms, in.birth_ms);
  EXPECT_EQ(out.chain, in.chain);
  EXPECT_EQ(out.first_birth_s, in.first_birth_s);
  EXPECT_FALSE(table->Take(Block(1), &out));
  EXPECT_EQ(table->live(), 0u);
}

TEST(LiveTableTest, AnAddressThatIsThereIsSaidToBeKnownAndStaysAsItWas) {
  auto table =
      std::make_unique<Table>(ImageOptions{.live_limit = 64, .exact_block_limit = 100'000});
  InsertAll(*table, 10'000);
  for (uint64_t i = 0; i < 10'000; ++i) {  // in each of the segments, and in the stash
    ASSERT_EQ(table->LiveTable::Insert(Block(i), {.size = 7}), LiveTable::Inserted::kKnown) << i;
  }
  TakeAll(*table, 10'000);
}

TEST(LiveTableTest, ARelabellingBesideARemovalIsEitherSeenByItOrFails) {
  auto table = std::make_unique<Table>(ImageOptions{.live_limit = 64});
  std::atomic<bool> over{false};
  std::atomic<uint64_t> relabelled{0};
  std::thread thinning([&] {
    while (!over.load(std::memory_order_relaxed)) {
      (void)table->VisitBuckets(0, 16, [&](const LiveTable::Slot& slot) {
        if (static_cast<uint8_t>(slot.size_interval) == 1)
          relabelled += LiveTable::Relabel(slot, 2);
      });
    }
  });
  uint64_t taken_relabelled = 0;
  for (uint64_t i = 0;
       i < 100'000 || (relabelled.load(std::memory_order_relaxed) < 100 && i < 10'000'000); ++i) {
    ASSERT_TRUE(table->Insert(Block(i % 40), {.size = i, .interval_index = 1}));
    LiveEntry out;
    ASSERT_TRUE(table->Take(Block(i % 40), &out));
    ASSERT_EQ(out.size, i);
    taken_relabelled += out.interval_index == 2;
  }
  over.store(true);
  thinning.join();
  EXPECT_GT(relabelled.load(), 0U);
  EXPECT_EQ(taken_relabelled, relabelled.load());
}

TEST(LiveTableTest, HoldsThreeQuartersOfItsSlotsWithTheStashNearlyEmpty) {
  auto table = std::make_unique<Table>();
  InsertAll(*table, 24'576);
  EXPECT_EQ(table->live(), 24'576u);
  const auto* const hot =
      table->image.view().region<capture::LiveBucket>(capture::kRegionLive) + 8'192;
  uint64_t in_stash = 0;
  for (uint64_t i = 0; i < 4 * StashBuckets(8'192); ++i)
    in_stash += hot[i / 4].slots[i % 4].key.load() != 0;
  EXPECT_LT(in_stash, 4 * StashBuckets(8'192) / 8);
  RecordProperty("in_stash", std::to_string(in_stash));
  TakeAll(*table, 24'576);
}

TEST(LiveTableTest, S9_WhatFindsNoRoomIsRefusedAndNothingElseIsLost) {
  auto table = std::make_unique<Table>(ImageOptions{.live_limit = 64});
  uint64_t in = 0;
  while (table->Insert(Block(in), {.size = in})) ++in;
  EXPECT_GT(in, 64u);  // the stash was used
  LiveEntry out;
  EXPECT_FALSE(table->Take(Block(in), &out));
  for (uint64_t i = 0; i < in; ++i) ASSERT_TRUE(table->Take(Block(i), &out)) << i;
  EXPECT_EQ(table->live(), 0u);
}

TEST(LiveTableTest, YearsOfChurnLeaveNoTombstones) {
  auto table = std::make_unique<Table>(ImageOptions{.live_limit = 256});
  LiveEntry out;
  for (uint64_t i = 0; i < 192; ++i) ASSERT_TRUE(table->Insert(Block(i), {}));
  for (uint64_t i = 192; i < 500'000; ++i) {
    ASSERT_TRUE(table->Take(Block(i - 192), &out));
    ASSERT_TRUE(table->Insert(Block(i), {}));
  }
}

TEST(LiveTableTest, GrowsByWholeSegmentsAndEntriesKeepTheirSlots) {
  auto table =
      std::make_unique<Table>(ImageOptions{.live_limit = 1'024, .exact_block_limit = 100'000});
  InsertAll(*table, 100'000);
  EXPECT_GE(table->capacity(), 100'000u);
  TakeAll(*table, 100'000);
}

TEST(LiveTableTest, NobodyWaitsForAThreadThatIsInterruptedWhileItGrows) {
  auto table =
      std::make_unique<Table>(ImageOptions{.live_limit = 1'024, .exact_block_limit = 100'000});
  uint64_t others = 0;
  table->image.DuringNextCommit([&] {
    for (; others < 20'000; ++others) ASSERT_TRUE(table->Insert(Block(100'000 + others), {}));
  });
  for (uint64_t i = 0; i < 20'000; ++i) ASSERT_TRUE(table->Insert(Block(i), {}));
  EXPECT_EQ(others, 20'000u);
  EXPECT_EQ(table->live(), 40'000u);
  LiveEntry out;
  for (uint64_t i = 0; i < 20'000; ++i)
    ASSERT_TRUE(table->Take(Block(i), &out) && table->Take(Block(100'000 + i), &out));
}

TEST(LiveTableTest, GoesOnWithTheRoomItHasWhenThereIsNoMemoryToGrow) {
  auto table =
      std::make_unique<Table>(ImageOptions{.live_limit = 1'024, .exact_block_limit = 100'000});
  table->image.RefuseCommits();
  uint64_t in = 0;
  while (table->Insert(Block(in), {})) ++in;
  EXPECT_GT(in, 900u);
}

TEST(LiveTableTest, VisitsEveryEntryOnceThroughAllSegments) {
  auto table =
      std::make_unique<Table>(ImageOptions{.live_limit = 1'024, .exact_block_limit = 10'000});
  InsertAll(*table, 10'000);
  double sum = 0;
  uint64_t count = 0, first = 0;
  while (table->VisitBuckets(first, 37, [&](const LiveTable::Slot& slot) {
    ++count;
    sum += static_cast<double>(slot.size_interval >> 8);
  })) {
    first += 37;
  }
  EXPECT_EQ(count, 10'000u);
  EXPECT_EQ(sum, 9'999 * 5'000.0);
}

TEST(LiveTableTest, ARelabelledEntryCanBeTakenAtAnyMoment) {
  auto table = std::make_unique<Table>();
  ASSERT_TRUE(table->Insert(Block(1), {.size = 100, .interval_index = 1}));
  LiveTable::Slot slot{};
  table->VisitBuckets(0, 8'192, [&](const LiveTable::Slot& found) { slot = found; });
  EXPECT_TRUE(LiveTable::Relabel(slot, 2));
  EXPECT_FALSE(LiveTable::Relabel(slot, 3)) << "the entry is not as it was visited";
  LiveEntry out;
  ASSERT_TRUE(table->Take(Block(1), &out));
  EXPECT_EQ(out.size, 100u);
  EXPECT_EQ(out.interval_index, 2);
  EXPECT_FALSE(LiveTable::Relabel(slot, 2)) << "a slot that was emptied must not be labelled";
  EXPECT_FALSE(table->TakeSlot(slot, &out));
}

}  // namespace
}  // namespace leaktrack::track
