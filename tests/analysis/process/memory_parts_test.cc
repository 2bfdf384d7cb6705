// SPDX-License-Identifier: Apache-2.0
#include "tools/analysis/process/memory_parts.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "tests/analysis/process/memory_samples.h"
#include "tools/analysis/process/memory_account.h"
#include "tools/analysis/process/threads_account.h"

namespace leaktrack {
namespace {

using testing::AddAllocator;
using testing::AddSite;
using testing::kMiB;
using testing::WithMemory;

constexpr auto kHeap = capture::SiteKind::kHeap;
constexpr auto kMapping = capture::SiteKind::kMapping;

// A site of blocks of one size, as the end of a run has it.
SiteResult Holding(double bytes, capture::SiteKind kind = kHeap) {
  SiteResult site;
  site.kind = kind;
  site.live_bytes = bytes;
  return site;
}

void AddBlocks(capture::Capture& capture, uint64_t size, int count) {
  capture::Survivor block;
  block.site = 1;
  block.size = size;
  for (int i = 0; i < count; ++i) capture.survivors.push_back(block);
}

const MemoryPart* Part(const MemoryResult& memory, MemoryPartKind kind) {
  for (const MemoryPart& part : memory.parts) {
    if (part.kind == kind) return &part;
  }
  return nullptr;
}

double Sum(const MemoryResult& memory) {
  double sum = 0;
  for (const MemoryPart& part : memory.parts) sum += part.bytes;
  return sum;
}

TEST(MemoryPartsTest, WhateverIsSaidThePartsSumUpToResidentMemoryAndNoneIsNegative) {
  std::mt19937_64 dice(7);
  const auto some = [&](int64_t most) {
    return static_cast<int64_t>(dice() % static_cast<uint64_t>(most)) << 20;
  };
  for (int i = 0; i < 200; ++i) {
    capture::Capture capture = WithMemory(some(400) + (2 << 20), some(400) + (2 << 20), -1);
    const double heap = static_cast<double>(some(600)), mapped = static_cast<double>(some(600));
    AddSite(capture, kHeap, static_cast<double>(some(600)), heap);
    AddSite(capture, kMapping, static_cast<double>(some(600)), mapped);
    if (i % 2 == 0) AddAllocator(capture, i % 4 == 0 ? "glibc" : "jemalloc", some(300), some(300));
    AddBlocks(capture, 8 + dice() % 300'000, 5);
    const MemoryResult memory =
        AccountForMemory(capture, {Holding(heap), Holding(mapped, kMapping)});
    EXPECT_NEAR(Sum(memory), static_cast<double>(*memory.rss_bytes), 1) << i;
    for (const MemoryPart& part : memory.parts) EXPECT_GE(part.bytes, 0) << i;
    EXPECT_GE(*memory.unexplained_bytes, 0) << i;
    EXPECT_GE(*memory.untouched_bytes, 0) << i;
    EXPECT_LE(*memory.explained_fraction, 1) << i;
  }
}

TEST(MemoryPartsTest, BlocksOfEightBytesCostThirtyTwo) {
  EXPECT_EQ(GlibcChunk(8), 32);
  EXPECT_EQ(GlibcChunk(24), 32);
  EXPECT_EQ(GlibcChunk(25), 48);
  EXPECT_EQ(GlibcChunk(1000), 1008);
  EXPECT_EQ(GlibcChunk(1 << 20), (1 << 20) + 4096);
  capture::Capture capture = WithMemory(10 << 20, 42 << 20, -1);
  AddAllocator(capture, "glibc", 0, 0);
  for (capture::MemorySample& sample : capture.memory) sample.allocator_in_use = 0;
  AddSite(capture, kHeap, 2 * kMiB, 10 * kMiB);
  AddBlocks(capture, 8, 100);
  const MemoryResult memory = AccountForMemory(capture, {Holding(10 * kMiB)});
  ASSERT_NE(Part(memory, MemoryPartKind::kRounding), nullptr);
  EXPECT_NEAR(Part(memory, MemoryPartKind::kRounding)->bytes, 30 * kMiB, kMiB);
  EXPECT_NEAR(Part(memory, MemoryPartKind::kRounding)->growth->mid,
              3 * Part(memory, MemoryPartKind::kLiveHeap)->growth->mid, kMiB);
}

TEST(MemoryPartsTest, WindowsThatNobodyTouchedAreToldAsSuchAndMakeNothingNegative) {
  capture::Capture capture = WithMemory(4 << 20, 6 << 20, -1);
  AddSite(capture, kHeap, 64 * kMiB, 390 * kMiB);
  AddBlocks(capture, 64 << 20, 6);
  const MemoryResult memory = AccountForMemory(capture, {Holding(390 * kMiB)});
  EXPECT_NEAR(*memory.untouched_bytes, 385 * kMiB, kMiB);
  EXPECT_GT(memory.untouched_growth->low, 0);
  EXPECT_NEAR(Part(memory, MemoryPartKind::kLiveHeap)->bytes, 5 * kMiB, .1 * kMiB);
  EXPECT_NEAR(Part(memory, MemoryPartKind::kRest)->growth->mid, 0, 1);
}

TEST(MemoryPartsTest, StacksThatGrowBesideAGrowingHeapAreNotCalledSteady) {
  capture::Capture capture = WithMemory(4 << 20, 44 << 20, -1);
  AddAllocator(capture, "glibc", 0, 0);
  AddSite(capture, kHeap, 0, 30 * kMiB);
  AddBlocks(capture, 48 << 10, 50);
  const MemoryResult memory = AccountForMemory(capture, {Holding(30 * kMiB)});
  EXPECT_GT(Part(memory, MemoryPartKind::kRest)->growth->low, 0);
}

TEST(MemoryPartsTest, MappingsThatTheRestMovesWithWereTouched) {
  const auto mapped = [](double last) {
    capture::Capture capture = WithMemory(10 << 20, 110 << 20, -1);
    AddSite(capture, kMapping, 0, last * kMiB);
    const MemoryResult memory = AccountForMemory(capture, {Holding(last * kMiB, kMapping)});
    const MemoryPart* part = Part(memory, MemoryPartKind::kMappings);
    return part == nullptr ? 0 : part->bytes / kMiB;
  };
  EXPECT_NEAR(mapped(95), 95, 1);
  EXPECT_EQ(mapped(600), 0) << "a reserve, of which it is not known how much is resident";
}

CallStack Stack(const std::vector<std::string>& functions) {
  CallStack::Frames frames;
  for (const std::string& function : functions) frames.push_back({function, "", 0, "/bin/app", ""});
  return frames;
}

TEST(ThreadsAccountTest, WhoStartsMostThreadsIsKnownByWhatTheLibraryAllocatesForEach) {
  SiteResult few, most, others;
  few.stack = Stack({"calloc", "_dl_allocate_tls", "pthread_create@@GLIBC_2.34", "Few", "main"});
  few.live_objects = 3;
  few.sites = {4};
  most.stack = Stack({"calloc", "_dl_allocate_tls", "pthread_create", "HandleRequest", "main"});
  most.live_objects = 400;
  most.live_bytes = 400 * 288;
  most.sites = {9, 7};
  others.stack = Stack({"malloc", "Keep", "main"});
  others.live_objects = 1e6;
  others.sites = {1};
  MemoryResult memory;
  TakeThreads(SeriesOf(WithMemory(1 << 20, 2 << 20, -1)), {few, others, most}, memory);
  ASSERT_TRUE(memory.thread_starter);
  EXPECT_EQ(memory.thread_starter->site, 7u);
  EXPECT_EQ(memory.thread_starter->threads, 400);
  EXPECT_EQ(StartsThreads(most.stack), 3u);
  EXPECT_FALSE(StartsThreads(others.stack));
}

TEST(ThreadsAccountTest, HowManyMoreThereAreByTheHourIsMeasured) {
  capture::Capture capture = WithMemory(10 << 20, 12 << 20, -1);
  for (capture::MemorySample& sample : capture.memory)
    sample.threads = static_cast<int64_t>(2 + sample.time_ms / 100);
  MemoryResult memory;
  TakeThreads(SeriesOf(capture), {}, memory);
  ASSERT_TRUE(memory.threads_growth);
  EXPECT_NEAR(memory.threads_growth->mid, 36'000, 500);
  EXPECT_FALSE(memory.thread_starter);
}

}  // namespace
}  // namespace leaktrack
