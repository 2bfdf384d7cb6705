// SPDX-License-Identifier: Apache-2.0
#include "tools/analysis/process/memory_account.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <string>

#include "tests/analysis/process/memory_samples.h"
#include "tools/analysis/process/memory_series.h"

namespace leaktrack {
namespace {

using testing::AddAllocator;
using testing::AddSite;
using ::testing::Contains;
using testing::Growing;
using ::testing::IsEmpty;
using testing::kMiB;
using testing::WithMemory;

constexpr auto kHeap = capture::SiteKind::kHeap;
constexpr auto kMapping = capture::SiteKind::kMapping;

TEST(MemoryAccountTest, RssThatGrowsTenfoldOverAFlatHeapIsRetentionAndSaysWhatHelps) {
  capture::Capture capture = WithMemory(40 << 20, 400 << 20, -1);
  AddSite(capture, kHeap, 20 * kMiB, 20 * kMiB);
  AddAllocator(capture, "glibc", 5 << 20, 370 << 20);
  const MemoryResult memory = AccountForMemory(capture, {});
  EXPECT_EQ(memory.memory_class, MemoryClass::kRetention);
  EXPECT_NEAR(memory.retained_bytes.value(), 360 * kMiB, 20 * kMiB);
  EXPECT_GT(memory.explained_fraction.value(), .95);
  EXPECT_THAT(memory.advice, Contains(Advice{AdviceKind::kFewerArenas, 16, ""}));
  EXPECT_THAT(memory.advice, Contains(Advice{AdviceKind::kTrim, 0, ""}));
}

TEST(MemoryAccountTest, AdviceNamesTheAllocatorThatIsThere) {
  for (const auto& [name, kind] :
       std::vector<std::pair<std::string, AdviceKind>>{{"jemalloc", AdviceKind::kJemallocDecay},
                                                       {"tcmalloc", AdviceKind::kTcmallocRelease},
                                                       {"mimalloc", AdviceKind::kMimallocPurge}}) {
    capture::Capture capture = WithMemory(40 << 20, 400 << 20, -1);
    AddAllocator(capture, name, 5 << 20, 370 << 20);
    EXPECT_THAT(AccountForMemory(capture, {}).advice, Contains(Advice{kind, 0, ""}));
  }
  capture::Capture silent = WithMemory(40 << 20, 400 << 20, -1);
  EXPECT_THAT(AccountForMemory(silent, {}).advice, IsEmpty());
}

TEST(MemoryAccountTest, WhereTheAllocatorDoesNotTellRetentionIsConcluded) {
  const MemoryResult memory = AccountForMemory(WithMemory(40 << 20, 400 << 20, -1), {});
  EXPECT_EQ(memory.memory_class, MemoryClass::kRetention);
  EXPECT_FALSE(memory.retained_bytes.has_value());
}

TEST(MemoryAccountTest, WhereTheAllocatorHoldsNothingItIsStacksFilesOrMappings) {
  capture::Capture capture = WithMemory(40 << 20, 400 << 20, -1);
  AddAllocator(capture, "glibc", 1 << 20, 1 << 20);
  capture.memory.back().threads = 300;
  const MemoryResult memory = AccountForMemory(capture, {});
  EXPECT_EQ(memory.memory_class, MemoryClass::kMappings);
  EXPECT_EQ(memory.threads, 300);
  EXPECT_NEAR(memory.unexplained_growth->mid, 360 * kMiB / 39 * 3600, 60 * kMiB);
  EXPECT_LE(memory.unexplained_growth->low, memory.unexplained_growth->mid);
}

TEST(MemoryAccountTest, MappingsThatGrowAreMappingsThoughNobodyIsAccused) {
  capture::Capture capture = WithMemory(40 << 20, 400 << 20, -1);
  AddSite(capture, kMapping, 10 * kMiB, 380 * kMiB);
  EXPECT_EQ(AccountForMemory(capture, {}).memory_class, MemoryClass::kMappings);
}

TEST(MemoryAccountTest, GrowthThatBelongsToNoSiteIsASumWithTheCallerItCanLieIn) {
  capture::Capture capture = WithMemory(40 << 20, 400 << 20, -1);
  AddAllocator(capture, "glibc", 1 << 20, 1 << 20);
  EXPECT_NEAR(AccountForMemory(capture, {}).unplaced_growth.value().mid, 360 * kMiB / 39 * 3600,
              60 * kMiB);
  EXPECT_FALSE(AccountForMemory(capture, {}).nearest_site.has_value());
  SiteResult small, large, heap;
  small.kind = large.kind = kMapping;
  small.sites = {7};
  small.live_bytes = 20 * kMiB;
  large.sites = {8};
  heap.sites = {9};
  large.live_bytes = heap.live_bytes = 500 * kMiB;
  EXPECT_FALSE(AccountForMemory(capture, {small, heap}).nearest_site.has_value())
      << "they cannot hold as much";
  EXPECT_EQ(AccountForMemory(capture, {small, heap, large}).nearest_site, 8u);
}

TEST(MemoryAccountTest, WhatAnAccusedMappingAccountsForIsNotUnplaced) {
  const double per_hour = 360 * kMiB / 39 * 3600;
  const auto unplaced = [](double accused_per_hour) {
    capture::Capture capture = WithMemory(40 << 20, 400 << 20, -1);
    AddSite(capture, kMapping, 0, accused_per_hour / 3600 * 39);
    return AccountForMemory(capture, {Growing(accused_per_hour, kMapping)}).unplaced_growth;
  };
  EXPECT_FALSE(unplaced(per_hour).has_value());
  EXPECT_NEAR(unplaced(per_hour / 10).value().mid, .9 * per_hour, .05 * per_hour);
}

TEST(MemoryAccountTest, GrowthThatHasEndedIsNotUnplaced) {
  capture::Capture capture = WithMemory(40 << 20, 400 << 20, -1);
  AddAllocator(capture, "glibc", 1 << 20, 1 << 20);
  for (size_t i = capture.memory.size() / 2; i < capture.memory.size(); ++i) {
    capture.memory[i].rss = capture.memory[capture.memory.size() / 2].rss;
    capture.memory[i].anonymous = capture.memory[i].rss - (1 << 20);
  }
  EXPECT_FALSE(AccountForMemory(capture, {}).unplaced_growth.has_value());
}

TEST(MemoryAccountTest, AHeapThatGrowsWithoutACulpritIsNotRetention) {
  capture::Capture capture = WithMemory(40 << 20, 400 << 20, -1);
  AddSite(capture, kHeap, 10 * kMiB, 360 * kMiB);
  const MemoryResult memory = AccountForMemory(capture, {});
  EXPECT_EQ(memory.memory_class, MemoryClass::kUnknown);
  EXPECT_TRUE(Significant(memory.rss_growth) && Significant(memory.heap_growth));
}

TEST(MemoryAccountTest, AccusedGrowthIsALeakIfItIsResidentAndUntouchedIfNot) {
  const auto grown = [](int64_t last_rss, capture::SiteKind kind, double per_hour) {
    capture::Capture capture = WithMemory(100 << 20, last_rss, -1);
    AddSite(capture, kind, 0, 300 * kMiB);
    return AccountForMemory(capture, {Growing(per_hour, kind)}).memory_class;
  };
  const double per_hour = 300 * kMiB / 40 * 3600;
  EXPECT_EQ(grown(400 << 20, kHeap, per_hour), MemoryClass::kLeak);
  EXPECT_EQ(grown(100 << 20, kHeap, per_hour), MemoryClass::kUntouched);
  EXPECT_EQ(grown(400 << 20, kMapping, per_hour), MemoryClass::kMappings);
  EXPECT_EQ(grown(400 << 20, kHeap, 10 * per_hour), MemoryClass::kLeak)
      << "at the end it grows faster than it did";
  EXPECT_EQ(AccountForMemory(WithMemory(100 << 20, 100 << 20, -1), {Growing(1)}).memory_class,
            MemoryClass::kLeak)
      << "too small a growth to be seen in the resident memory";
}

TEST(MemoryAccountTest, SharedMemoryThatGrowsIsTouched) {
  capture::Capture capture = WithMemory(100 << 20, 400 << 20, -1);
  AddSite(capture, kMapping, 0, 300 * kMiB);
  for (auto& sample : capture.memory) {
    sample.anonymous = 90 << 20;
    sample.shared = sample.rss - sample.file - sample.anonymous;
  }
  const std::vector<SiteResult> sites = {Growing(300 * kMiB / 40 * 3600, kMapping)};
  EXPECT_EQ(AccountForMemory(capture, sites).memory_class, MemoryClass::kMappings);
}

TEST(MemoryAccountTest, ALeakIntoWhatTheAllocatorHadKeptIsStillALeak) {
  capture::Capture capture = WithMemory(400 << 20, 400 << 20, -1);
  AddSite(capture, kHeap, 10 * kMiB, 330 * kMiB);
  AddAllocator(capture, "glibc", 350 << 20, 20 << 20);
  EXPECT_EQ(AccountForMemory(capture, {Growing(300 * kMiB / 40 * 3600)}).memory_class,
            MemoryClass::kLeak);
}

TEST(MemoryAccountTest, SteadyIsSteadyUnlessMostOfItIsHeldFree) {
  capture::Capture capture = WithMemory(100 << 20, 101 << 20, -1);
  EXPECT_EQ(AccountForMemory(capture, {}).memory_class, MemoryClass::kSteady);
  AddAllocator(capture, "glibc", 80 << 20, 80 << 20);
  EXPECT_EQ(AccountForMemory(capture, {}).memory_class, MemoryClass::kRetention);
}

TEST(MemoryAccountTest, AnOldAnswerOfTheAllocatorIsNotTakenForTodays) {
  capture::Capture capture = WithMemory(100 << 20, 101 << 20, -1, 2000);
  capture.allocator = "glibc";
  for (auto& sample : capture.memory) {
    sample.allocator_free = 80 << 20;
    sample.allocator_read_ms = 3000;
  }
  EXPECT_FALSE(AccountForMemory(capture, {}).retained_bytes.has_value());
}

TEST(MemoryAccountTest, AddressSpaceExplainsNoResidentMemory) {
  capture::Capture capture;
  capture.memory.emplace_back();
  capture::MemorySample& now = capture.memory.back();
  now.rss = 100 << 20;
  now.file = 20 << 20;
  now.shared = 0;
  now.anonymous = 80 << 20;
  now.stack = 8 << 20;
  SiteResult heap;
  heap.live_bytes = 30 << 20;
  SiteResult mapping;
  mapping.kind = kMapping;
  mapping.live_bytes = 500 << 20;
  const MemoryResult memory = AccountForMemory(capture, {heap, mapping});
  EXPECT_DOUBLE_EQ(*memory.explained_fraction, 0.5);
  EXPECT_NEAR(*memory.unexplained_bytes, 50 * kMiB, 1);
  heap.live_bytes = 300 << 20;  // most of it never touched
  EXPECT_DOUBLE_EQ(*AccountForMemory(capture, {heap, mapping}).explained_fraction, 1);
}

TEST(MemoryAccountTest, UnknownStaysUnknown) {
  const MemoryResult memory = AccountForMemory(capture::Capture{}, {});
  EXPECT_FALSE(memory.rss_bytes || memory.explained_fraction || memory.retained_bytes ||
               memory.rss_growth);
  EXPECT_EQ(memory.memory_class, MemoryClass::kUnknown);
}

TEST(MemorySeriesTest, OneOutlierDoesNotBendTheSlope) {
  std::vector<double> hours, values;
  for (int i = 0; i < 30; ++i) {
    hours.push_back(i);
    values.push_back(100 + 7 * i + (i == 29 ? 1e6 : 0) + (i == 3 ? -1e6 : 0));
  }
  const auto slope = SlopePerHour(hours, values);
  ASSERT_TRUE(slope.has_value());
  EXPECT_NEAR(slope->mid, 7, .2);
  EXPECT_GT(slope->low, 6);
  EXPECT_LT(slope->high, 8);
}

TEST(MemorySeriesTest, ASawWithAFlatBaseDoesNotGrow) {
  capture::Capture capture = WithMemory(100 << 20, 100 << 20, -1, 400);
  for (size_t i = 0; i < capture.memory.size(); ++i) {
    capture.memory[i].rss += static_cast<int64_t>(i % 5) << 24;
    capture.memory[i].anonymous += static_cast<int64_t>(i % 5) << 24;
  }
  EXPECT_EQ(AccountForMemory(capture, {}).memory_class, MemoryClass::kSteady);
}

}  // namespace
}  // namespace leaktrack
