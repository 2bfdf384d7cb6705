// SPDX-License-Identifier: Apache-2.0
#include "libtrack/record/map_table.h"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <thread>
#include <vector>

#include "tests/record/test_image.h"

namespace leaktrack::track {
namespace {

constexpr uint64_t kPage = 4096;
constexpr uintptr_t kBase = 0x7000'0000'0000;

struct Maps : MapTable {
  explicit Maps(const ImageOptions& options = {}) : image(options) {
    cells.Bind(image.view(), nullptr);
    Bind(image.view(), &cells);
  }
  // Returns start -> length, and checks that the accounts agree with it.
  std::map<uintptr_t, uint64_t> Read() {
    std::map<uintptr_t, uint64_t> found;
    const auto* const entries = image.view().region<capture::MapEntry>(capture::kRegionMaps);
    double bytes = 0;
    for (uint32_t i = 0; i < image.header().map_count.load(); ++i) {
      if (entries[i].length == 0) continue;
      found[entries[i].start] = entries[i].length;
      bytes += static_cast<double>(entries[i].length);
    }
    const Books books = ReadBooks(image.view());
    EXPECT_EQ(books.Expected().bytes, bytes);
    EXPECT_EQ(books.Expected().objects, static_cast<double>(found.size()));
    EXPECT_EQ(books.Expected().samples, static_cast<double>(found.size()));
    return found;
  }
  bool AddPages(uint64_t first, uint64_t count) {
    return Add(kBase + first * kPage, count * kPage, 3, 0);
  }
  bool RemovePages(uint64_t first, uint64_t count) {
    return Remove(kBase + first * kPage, count * kPage, 5);
  }
  bool ReservePages(uint64_t first, uint64_t count) {
    return Reserve(kBase + first * kPage, count * kPage, 1);
  }
  bool OpenPages(uint64_t first, uint64_t count) {
    return Open(kBase + first * kPage, count * kPage, 3, 0);
  }
  // Moves pages as mremap does.
  void MovePages(uint64_t from, uint64_t old_count, uint64_t to, uint64_t new_count) {
    DetachedMappings detached;
    EXPECT_TRUE(Detach(kBase + from * kPage, old_count * kPage, 1, &detached));
    Settle(detached, 1);
    if (detached.bytes != 0) AddPages(to, new_count);
  }
  TestImage image;
  Cells cells{};
};

using Ranges = std::map<uintptr_t, uint64_t>;
Ranges Pages(std::vector<std::pair<uint64_t, uint64_t>> pages) {
  Ranges ranges;
  for (const auto& [first, count] : pages) ranges[kBase + first * kPage] = count * kPage;
  return ranges;
}

TEST(MapTableTest, S13_MunmapMayTrimOrSplitOrTakeSeveral) {
  Maps maps;
  maps.AddPages(0, 10);
  maps.RemovePages(0, 2);
  EXPECT_EQ(maps.Read(), Pages({{2, 8}}));
  maps.RemovePages(9, 5);
  EXPECT_EQ(maps.Read(), Pages({{2, 7}}));
  maps.RemovePages(4, 2);
  EXPECT_EQ(maps.Read(), Pages({{2, 2}, {6, 3}}));
  maps.AddPages(20, 1);
  maps.RemovePages(0, 100);
  EXPECT_EQ(maps.Read(), Ranges{});
}

TEST(MapTableTest, S13_MapFixedReplacesWhatWasThere) {
  Maps maps;
  maps.AddPages(0, 10);
  maps.AddPages(3, 4);
  EXPECT_EQ(maps.Read(), Pages({{0, 3}, {3, 4}, {7, 3}}));
  maps.AddPages(0, 10);
  EXPECT_EQ(maps.Read(), Pages({{0, 10}}));
}

TEST(MapTableTest, S13_MremapMovesGrowsAndShrinks) {
  Maps maps;
  maps.AddPages(0, 4);
  maps.MovePages(0, 4, 50, 8);
  EXPECT_EQ(maps.Read(), Pages({{50, 8}}));
  maps.MovePages(50, 8, 50, 2);
  EXPECT_EQ(maps.Read(), Pages({{50, 2}}));
  maps.MovePages(90, 1, 0, 1);
  EXPECT_EQ(maps.Read(), Pages({{50, 2}})) << "what was not recorded stays unrecorded";
}

TEST(MapTableTest, S13_AMunmapThatFailsLeavesEverythingAsItWas) {
  Maps maps;
  for (uint64_t i = 0; i < 4; ++i) maps.AddPages(10 * i, 5);
  DetachedMappings detached;
  EXPECT_TRUE(maps.Detach(kBase + 2 * kPage, 30 * kPage, 5, &detached));
  EXPECT_EQ(detached.bytes, 15 * kPage);
  maps.Reattach(detached, 6);
  EXPECT_EQ(maps.Read(), Pages({{0, 2}, {2, 3}, {10, 5}, {20, 5}, {30, 2}, {32, 3}}));
}

TEST(MapTableTest, S13_WhatIsDetachedAndSettledIsDeadHoweverManyPiecesItHad) {
  Maps maps;
  for (uint64_t i = 0; i < 2 * DetachedMappings::kPieces; ++i) maps.AddPages(3 * i, 2);
  DetachedMappings detached;
  EXPECT_TRUE(maps.Detach(kBase, 90 * kPage, 5, &detached));
  maps.Settle(detached, 5);
  EXPECT_EQ(maps.Read(), Ranges{});
}

TEST(MapTableTest, S1_ARangeThatAnotherThreadGotMeanwhileStaysThatThreads) {
  Maps maps;
  maps.AddPages(0, 4);
  DetachedMappings detached;
  EXPECT_TRUE(maps.Detach(kBase, 4 * kPage, 5, &detached));  // mremap frees the range here
  maps.AddPages(0, 3);                                       // and another thread's mmap gets it
  maps.Settle(detached, 6);
  maps.AddPages(50, 4);
  EXPECT_EQ(maps.Read(), Pages({{0, 3}, {50, 4}}));
}

TEST(MapTableTest, WhatIsReservedBelongsToNobodyUntilItIsOpened) {
  Maps maps;
  EXPECT_TRUE(maps.ReservePages(0, 100));
  EXPECT_EQ(maps.Read(), Ranges{});
  EXPECT_TRUE(maps.OpenPages(10, 5));
  EXPECT_TRUE(maps.OpenPages(12, 10));
  EXPECT_TRUE(maps.OpenPages(200, 10));
  EXPECT_EQ(maps.Read(), Pages({{10, 5}, {15, 7}}));
  EXPECT_FALSE(maps.MayOpen(kBase + 10 * kPage, 12 * kPage));
  EXPECT_TRUE(maps.ReservePages(0, 100)) << "mapped again, without access";
  EXPECT_EQ(maps.Read(), Ranges{});
  EXPECT_TRUE(maps.OpenPages(90, 20));
  EXPECT_EQ(maps.Read(), Pages({{90, 10}}));
}

TEST(MapTableTest, AMunmapTakesTheReservationAlongUnlessItFails) {
  Maps maps;
  EXPECT_TRUE(maps.ReservePages(0, 10));
  DetachedMappings failed, done;
  EXPECT_TRUE(maps.Detach(kBase + 2 * kPage, 2 * kPage, 1, &failed));
  maps.Reattach(failed, 1);
  EXPECT_EQ(maps.KindOf(kBase, 10 * kPage), MapTable::Kind::kReserved);
  EXPECT_TRUE(maps.Detach(kBase + 2 * kPage, 2 * kPage, 1, &done));
  maps.Settle(done, 1);
  EXPECT_TRUE(maps.OpenPages(0, 10));
  EXPECT_EQ(maps.Read(), Pages({{0, 2}, {4, 6}}));
}

TEST(MapTableTest, TellsWhatLiesAtAnAddress) {
  Maps maps;
  EXPECT_EQ(maps.KindOf(kBase, 1), MapTable::Kind::kUnknown);
  maps.AddPages(0, 2);
  EXPECT_TRUE(maps.ReservePages(2, 2));
  EXPECT_EQ(maps.KindOf(kBase + kPage + 5, 1), MapTable::Kind::kMapping);
  EXPECT_EQ(maps.KindOf(kBase + 2 * kPage, kPage), MapTable::Kind::kReserved);
  EXPECT_EQ(maps.KindOf(kBase + 4 * kPage, 1), MapTable::Kind::kUnknown);
}

TEST(MapTableTest, AnAttachmentGoesWithWhatIsLeftOfItAndNothingElse) {
  Maps maps;
  EXPECT_TRUE(maps.Attach(kBase, 10 * kPage - 7, 3, 0));
  EXPECT_TRUE(maps.Attach(kBase + 10 * kPage, 10 * kPage, 3, 0))
      << "of the same site, in the same moment";
  maps.RemovePages(0, 2);
  maps.Add(kBase + 5 * kPage, kPage, 4, 0);
  DetachedMappings detached;
  EXPECT_TRUE(maps.DetachFrom(kBase, 5, &detached));
  maps.Settle(detached, 5);
  EXPECT_EQ(maps.Read(), Pages({{5, 1}, {10, 10}}));
  EXPECT_TRUE(maps.DetachFrom(kBase, 5, &detached));
  EXPECT_EQ(maps.Read(), Pages({{5, 1}, {10, 10}})) << "it is detached already";
}

TEST(MapTableTest, TheBreakIsKeptToTheByte) {
  Maps maps;
  maps.AddBytes(kBase + 10, 100, 3, 0);
  maps.AddBytes(kBase + 110, 7, 3, 0);
  EXPECT_EQ(maps.Read(), (Ranges{{kBase + 10, 100}, {kBase + 110, 7}}));
}

TEST(MapTableTest, InATableThatIsHalfFullWhatGoesOnIsOnePiece) {
  Maps maps(ImageOptions{.map_entries = 8});
  EXPECT_TRUE(maps.ReservePages(0, 1'000));
  for (uint64_t i = 0; i < 1'000; ++i) EXPECT_TRUE(maps.OpenPages(i, 1));
  EXPECT_EQ(maps.Read(), Pages({{0, 1}, {1, 1}, {2, 1}, {3, 997}}));
  EXPECT_EQ(maps.image.loss(capture::kLostMappings), 0u);
}

TEST(MapTableTest, LengthsAreWholePages) {
  Maps maps;
  maps.Add(kBase, 5'000, 3, 0);
  EXPECT_EQ(maps.Read(), Pages({{0, 2}}));
  maps.Remove(kBase, 1, 0);
  EXPECT_EQ(maps.Read(), Pages({{1, 1}}));
}

TEST(MapTableTest, AgreesWithAPageMapAfterRandomCalls) {
  Maps maps;
  std::mt19937 random(1);
  std::vector<bool> mapped(300);
  for (int i = 0; i < 3'000; ++i) {
    const uint64_t first = random() % 250, count = 1 + random() % 40;
    const bool add = random() % 2 == 0;
    ASSERT_TRUE(add ? maps.AddPages(first, count) : maps.RemovePages(first, count));
    for (uint64_t page = first; page < first + count; ++page) mapped[page] = add;
    if (i % 100 != 0) continue;
    std::vector<bool> found(300);
    for (const auto& [start, length] : maps.Read()) {
      for (uint64_t page = (start - kBase) / kPage; page < (start - kBase + length) / kPage; ++page)
        found[page] = true;
    }
    ASSERT_EQ(found, mapped);
  }
}

TEST(MapTableTest, FullIsCounted) {
  Maps maps(ImageOptions{.map_entries = 4});
  for (uint64_t i = 0; i < 4; ++i) EXPECT_TRUE(maps.AddPages(2 * i, 1));
  EXPECT_FALSE(maps.AddPages(90, 1));
  EXPECT_EQ(maps.image.loss(capture::kLostMappings), 1u);
  maps.Read();
}

TEST(MapTableTest, L7_ALockThatIsNeverGivenBackCostsACountedLossNotAHang) {
  Maps maps;
  maps.AddPages(0, 1);
  maps.image.header().map_lock.store(1);
  EXPECT_FALSE(maps.AddPages(5, 1));
  EXPECT_FALSE(maps.RemovePages(0, 1));
  EXPECT_EQ(maps.image.loss(capture::kLostMappings), 2u);
  maps.image.header().map_lock.store(2);  // its holder was merely slow
  EXPECT_TRUE(maps.AddPages(5, 1));
  EXPECT_EQ(maps.image.loss(capture::kLostMappings), 2u);
}

TEST(MapTableTest, ThreadsMapAndUnmapTogether) {
  Maps maps;
  std::vector<std::thread> threads;
  for (uint64_t t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 2'000; ++i) {
        maps.AddPages(1'000 * t, 10);
        maps.RemovePages(1'000 * t + 3, 2);
        maps.RemovePages(1'000 * t, 10);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  const Ranges left = maps.Read();
  EXPECT_LE(left.size(), 2 * maps.image.loss(capture::kLostMappings));
}

}  // namespace
}  // namespace leaktrack::track
