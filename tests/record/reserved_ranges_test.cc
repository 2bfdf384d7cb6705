// SPDX-License-Identifier: Apache-2.0
#include "libtrack/record/reserved_ranges.h"

#include <gtest/gtest.h>

#include <memory>
#include <random>
#include <thread>
#include <utility>
#include <vector>

namespace leaktrack::track {
namespace {

// On the heap and zero-filled, because it is large.
struct Table {
  std::unique_ptr<ReservedRanges> ranges = std::make_unique<ReservedRanges>();
  bool Add(uintptr_t low, uintptr_t high) { return ranges->Add(low, high); }
  // Takes [low, high) out. Returns the number of pieces and of bytes; -1: some of the rest was
  // lost.
  std::pair<int, uintptr_t> Take(uintptr_t low, uintptr_t high) {
    ReservedRanges::Range piece;
    bool whole = true;
    std::pair<int, uintptr_t> taken;
    while (ranges->TakeFirst(low, high, &piece, &whole)) {
      ++taken.first;
      taken.second += piece.high - piece.low;
    }
    return whole ? taken : std::pair<int, uintptr_t>{-1, 0};
  }
};
using Taken = std::pair<int, uintptr_t>;

TEST(ReservedRangesTest, WhatIsOpenedIsTakenOutOnce) {
  Table table;
  EXPECT_TRUE(table.Add(100, 200));
  EXPECT_EQ(table.Take(120, 130), Taken(1, 10));
  EXPECT_EQ(table.Take(110, 140), Taken(2, 20));
  EXPECT_EQ(table.Take(110, 140), Taken(0, 0));
  EXPECT_EQ(table.Take(0, 1000), Taken(2, 70));
  EXPECT_TRUE(table.ranges->empty());
}

TEST(ReservedRangesTest, RangesThatTouchAreOne) {
  Table table;
  EXPECT_TRUE(table.Add(100, 200));
  EXPECT_TRUE(table.Add(300, 400));
  EXPECT_FALSE(table.ranges->Covers(150, 350));
  EXPECT_TRUE(table.Add(200, 300));
  EXPECT_TRUE(table.ranges->Covers(100, 400));
  EXPECT_TRUE(table.Add(50, 450));
  EXPECT_EQ(table.Take(0, 1000), Taken(1, 400));
}

TEST(ReservedRangesTest, ALookSeesWhatOverlaps) {
  Table table;
  EXPECT_FALSE(table.ranges->MayOverlap(0, UINTPTR_MAX));
  EXPECT_TRUE(table.Add(100, 200));
  EXPECT_FALSE(table.ranges->MayOverlap(0, 100));
  EXPECT_FALSE(table.ranges->MayOverlap(200, 300));
  EXPECT_TRUE(table.ranges->MayOverlap(199, 300));
  EXPECT_TRUE(table.ranges->MayOverlap(0, 101));
  EXPECT_TRUE(table.ranges->MayOverlap(0, 300));
}

TEST(ReservedRangesTest, AFullTableRefusesAndKeepsTheLargerSideOfACut) {
  Table table;
  for (uintptr_t i = 0; i < ReservedRanges::kMost; ++i)
    ASSERT_TRUE(table.Add(i * 100, i * 100 + 50));
  EXPECT_FALSE(table.Add(1'000'000'000, 1'000'000'001));
  EXPECT_TRUE(table.Add(50, 60)) << "what touches needs no room";
  EXPECT_EQ(table.Take(510, 520), Taken(-1, 0));
  EXPECT_TRUE(table.ranges->Covers(520, 550));
  EXPECT_FALSE(table.ranges->MayOverlap(500, 520));
}

TEST(ReservedRangesTest, AgreesWithAMapOfUnitsAfterRandomCalls) {
  Table table;
  std::mt19937 random(1);
  std::vector<bool> reserved(400);
  for (int i = 0; i < 5'000; ++i) {
    const uintptr_t low = random() % 350, high = low + 1 + random() % 40;
    uintptr_t before = 0;
    for (uintptr_t unit = low; unit < high; ++unit) before += reserved[unit];
    const bool add = random() % 2 == 0;
    ASSERT_EQ(table.ranges->MayOverlap(low, high), before != 0);
    ASSERT_EQ(table.ranges->Covers(low, high), before == high - low);
    if (add) {
      ASSERT_TRUE(table.Add(low, high));
    } else {
      ASSERT_EQ(table.Take(low, high).second, before);
    }
    for (uintptr_t unit = low; unit < high; ++unit) reserved[unit] = add;
  }
}

TEST(ReservedRangesTest, LooksBesideChangesNeverMissWhatStands) {
  Table table;
  ASSERT_TRUE(table.Add(5'000, 6'000));
  std::atomic<bool> done{false};
  std::thread changer([&] {
    for (int i = 0; i < 20'000; ++i) {
      table.Add(1'000, 2'000);
      table.Add(9'000, 9'500);
      table.Take(0, 4'000);
      table.Take(9'100, 9'200);
    }
    done = true;
  });
  while (!done) ASSERT_TRUE(table.ranges->MayOverlap(5'500, 5'600));
  changer.join();
}

}  // namespace
}  // namespace leaktrack::track
