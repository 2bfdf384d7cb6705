// SPDX-License-Identifier: Apache-2.0
#include "libtrack/record/cells.h"

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <thread>
#include <vector>

#include "tests/record/test_image.h"

namespace leaktrack::track {
namespace {

struct Sums : Cells {
  explicit Sums(const ImageOptions& options = {}, MemoryFn memory = nullptr) : image(options) {
    Bind(image.view(), memory);
  }
  TestImage image;
};

struct ClearedOwnCells : OwnCells {
  ClearedOwnCells() { Clear(); }
};

TEST(CellsTest, OneCellForEachSiteAndBand) {
  Sums sums;
  capture::Cell* const births = sums.Find(5, capture::kBandBirths);
  ASSERT_NE(births, nullptr);
  EXPECT_EQ(sums.Find(5, capture::kBandBirths), births);
  EXPECT_NE(sums.Find(5, 1), births);
  EXPECT_NE(sums.Find(6, capture::kBandBirths), births);
  EXPECT_EQ(births->key.load(), uint64_t{5} << 8);
  EXPECT_EQ(sums.image.header().cell_count.load(), 3u);
}

TEST(CellsTest, AddsAllOfAWeight) {
  Sums sums;
  capture::Cell* const cell = sums.Find(5, 0);
  Cells::Add(*cell, {1, 2, 4, 3});
  Cells::Add(*cell, {1, 2, 4, 3});
  EXPECT_EQ(cell->samples.load(), 2u);
  EXPECT_EQ(cell->objects.load(), 2.0);
  EXPECT_EQ(cell->bytes.load(), 4.0);
  EXPECT_EQ(cell->bytes_squared.load(), 8.0);
  EXPECT_EQ(cell->variance.load(), 6.0);
}

capture::CellCopy Seen(Sums& sums, capture::SiteId site) {
  return ReadCell(sums.image, site, capture::kBandBirths);
}

uint32_t OwnCellsIn(Sums& sums) {
  const auto* const cells = sums.image.view().region<capture::Cell>(capture::kRegionCells);
  uint32_t own = 0;
  for (uint32_t i = 0; i < sums.image.header().cell_count.load(); ++i)
    own += cells[i].key.load() > capture::kSharedKeyMask;
  return own;
}

TEST(OwnCellsTest, ThreadsAddEachToTheirOwnAndAReaderSeesTheSum) {
  Sums sums;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      const auto own = std::make_unique<ClearedOwnCells>();
      for (int i = 0; i < 20'000; ++i)
        sums.AddExact(i % 100 == 0 ? nullptr : own.get(), 1 + static_cast<uint32_t>(i) % 7, 0, 8);
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(OwnCellsIn(sums), 28u);
  uint64_t samples = 0;
  for (capture::SiteId site = 1; site <= 7; ++site) {
    const capture::CellCopy seen = Seen(sums, site);
    samples += seen.samples;
    EXPECT_EQ(seen.objects, static_cast<double>(seen.samples));
    EXPECT_EQ(seen.bytes, 8 * seen.objects);
    EXPECT_EQ(seen.bytes_squared, 64 * seen.objects);
    EXPECT_EQ(seen.variance, 0.0);
  }
  EXPECT_EQ(samples, 80'000u);
}

TEST(OwnCellsTest, TwoThreadsNeverCountInOnePairOfCacheLines) {
  Sums sums;
  ClearedOwnCells own[3];
  for (capture::SiteId site = 1; site <= 20; ++site) {
    for (OwnCells& each : own) {
      ASSERT_NE(sums.Counter(each), nullptr);
      ASSERT_TRUE(sums.AddExact(&each, site, 0, 16));
    }
  }
  std::map<uintptr_t, int> writer_of;  // by the pair's number
  for (int thread = 0; thread < 3; ++thread) {
    std::vector<const capture::Cell*> counted = {own[thread].counter};
    for (const OwnCells::Entry& entry : own[thread].few) {
      if (entry.key != 0) counted.push_back(entry.cell);
    }
    ASSERT_EQ(counted.size(), 21u);
    for (const capture::Cell* cell : counted) {
      const auto first = reinterpret_cast<uintptr_t>(cell);
      for (const uintptr_t at : {first / 128, (first + sizeof *cell - 1) / 128}) {
        EXPECT_EQ(writer_of.emplace(at, thread).first->second, thread);
      }
    }
  }
}

TEST(OwnCellsTest, WithoutMoreMemorySitesBeyondAThreadsPlacesAreShared) {
  static int asked;
  asked = 0;
  Sums sums(
      {}, +[](size_t) -> void* { return ++asked, nullptr; });
  ClearedOwnCells own;
  for (int round = 0; round < 3; ++round) {
    for (capture::SiteId site = 1; site <= 1'000; ++site)
      ASSERT_TRUE(sums.AddExact(&own, site, 0, 16));
  }
  constexpr uint32_t kFew = 1 << OwnCells::kFewBits;
  EXPECT_LE(OwnCellsIn(sums), kFew);
  EXPECT_GT(OwnCellsIn(sums), kFew / 2);
  EXPECT_EQ(asked, 1) << "each refusal may cost a system call";
  for (capture::SiteId site = 1; site <= 1'000; ++site)
    ASSERT_EQ(Seen(sums, site).bytes, 48.0) << site;
}

TEST(OwnCellsTest, ManySitesHaveLargerTablesAndNoSumIsLostOnTheWay) {
  static std::vector<std::unique_ptr<char[]>> tables;
  tables.clear();
  Sums sums(
      {}, +[](size_t bytes) -> void* {
        return tables.emplace_back(std::make_unique<char[]>(bytes)).get();
      });
  ClearedOwnCells own;
  constexpr capture::SiteId kSites = 20'000;
  for (int round = 0; round < 3; ++round) {
    for (capture::SiteId site = 1; site <= kSites; ++site)
      ASSERT_TRUE(sums.AddExact(&own, site, 0, 16));
  }
  EXPECT_EQ(tables.size(), 3u);
  EXPECT_FALSE(own.may_grow());
  EXPECT_GT(OwnCellsIn(sums), kSites / 100 * 99);
  double bytes = 0;
  const auto* const cells = sums.image.view().region<capture::Cell>(capture::kRegionCells);
  for (uint32_t i = 0; i < sums.image.header().cell_count.load(); ++i)
    bytes += cells[i].bytes.load();
  EXPECT_EQ(bytes, 48.0 * kSites);
  for (capture::SiteId site = 1; site <= kSites; site += 1'999)
    EXPECT_EQ(Seen(sums, site).bytes, 48.0) << site;
  tables.clear();
}

TEST(OwnCellsTest, LeaveHalfOfAllCellsToTheSites) {
  Sums sums(ImageOptions{.cell_bytes = 4'800});  // a hundred
  for (int thread = 0; thread < 20; ++thread) {
    ClearedOwnCells own;
    for (capture::SiteId site = 1; site <= 5; ++site) ASSERT_TRUE(sums.AddExact(&own, site, 0, 1));
  }
  EXPECT_GT(OwnCellsIn(sums), 15u);
  for (capture::SiteId site = 1; site <= 5; ++site)
    EXPECT_EQ(Seen(sums, site).samples, 20u) << site;
  for (capture::SiteId site = 6; site <= 41; ++site)
    EXPECT_NE(sums.Find(site, 0), nullptr) << site;  // a run may end at 64
}

TEST(OwnCellsTest, WhatFindsNoRoomIsCountedOnce) {
  Sums sums(ImageOptions{.cell_bytes = 4'800});
  // It has reserved more cells of its own.
  ClearedOwnCells own;
  ASSERT_TRUE(sums.AddExact(&own, 1, 0, 1));
  for (capture::SiteId site = 2; sums.Find(site, 0) != nullptr; ++site) {
  }
  ASSERT_EQ(sums.image.loss(capture::kLostCells), 1u);
  EXPECT_FALSE(sums.AddExact(&own, 1'000, 0, 1));
  EXPECT_EQ(sums.image.loss(capture::kLostCells), 2u);
}

TEST(CellsTest, FullIsCountedAndOldCellsAreStillFound) {
  Sums sums(ImageOptions{.cell_bytes = 4'800});
  capture::SiteId site = 0;
  while (sums.Find(++site, 0) != nullptr) {
  }
  EXPECT_EQ(site, 101u);
  EXPECT_EQ(sums.image.loss(capture::kLostCells), 1u);
  EXPECT_NE(sums.Find(1, 0), nullptr);
}

TEST(CellsTest, ThreadsLoseNoAdditionAndMakeNoCellTwice) {
  Sums sums;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (capture::SiteId i = 0; i < 20'000; ++i) {
        Cells::Add(*sums.Find(1 + i % 500, 0), {1, 8, 64, 1});
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  const auto* const cells = sums.image.view().region<capture::Cell>(capture::kRegionCells);
  uint64_t used = 0, samples = 0;
  double bytes = 0;
  for (uint32_t i = 0; i < sums.image.header().cell_count.load(); ++i) {
    if (cells[i].key.load() == 0) continue;
    ++used;
    samples += cells[i].samples.load();
    bytes += cells[i].bytes.load();
  }
  EXPECT_EQ(used, 500u);
  EXPECT_EQ(samples, 80'000u);
  EXPECT_EQ(bytes, 640'000.0);
}

}  // namespace
}  // namespace leaktrack::track
