// SPDX-License-Identifier: Apache-2.0
#include "libtrack/record/stack_depot.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <set>
#include <thread>
#include <vector>

#include "tests/record/test_image.h"

namespace leaktrack::track {
namespace {

using capture::Frame;
using capture::SiteId;
using capture::SiteKind;

struct Depot : StackDepot {
  explicit Depot(const ImageOptions& options = {}) : image(options) { Bind(image.view()); }
  SiteId Put(std::vector<Frame> frames, SiteKind kind = SiteKind::kHeap, bool cut = false) {
    return Intern({kind, frames, cut});
  }
  // Walks the arena as a reader does. Returns the number of ready records, or -1 if the walk does
  // not reach the cursor.
  int Walk() {
    const char* const arena = image.view().region<char>(capture::kRegionDepotArena);
    uint64_t at = 0;
    int ready = 0;
    while (at < image.header().depot_used_bytes.load()) {
      const auto* const record = reinterpret_cast<const capture::StackRecord*>(arena + at);
      if (record->record_bytes.load() == 0) return -1;
      ready += record->ready.load();
      at += record->record_bytes.load();
    }
    return ready;
  }
  TestImage image;
};

TEST(StackDepotTest, TheSameStackHasTheSameIdAndNeverZero) {
  Depot depot;
  const SiteId id = depot.Put({1, 2, 3});
  EXPECT_NE(id, 0u);
  EXPECT_EQ(depot.Put({1, 2, 3}), id);
  EXPECT_EQ(depot.record(id).frame_count, 3u);
  EXPECT_EQ(depot.record(id).frames[2], 3u);
}

TEST(StackDepotTest, OrderKindLengthAndTruncationMatter) {
  Depot depot;
  const std::set<SiteId> ids = {depot.Put({1, 2}),
                                depot.Put({2, 1}),
                                depot.Put({1, 2, 0}),
                                depot.Put({}),
                                depot.Put({1, 2}, SiteKind::kMapping),
                                depot.Put({1, 2}, SiteKind::kHeap, true)};
  EXPECT_EQ(ids.size(), 6u);
}

TEST(StackDepotTest, AReaderWalksFromOffsetZeroToTheCursor) {
  Depot depot;
  for (Frame i = 0; i < 1'000; ++i) ASSERT_NE(depot.Put(std::vector<Frame>(i % 60, i)), 0u);
  EXPECT_EQ(depot.Walk(), 1 + 1'000 - 16);  // the 17 stacks without frames are one stack
}

TEST(StackDepotTest, AsksForPagesBeforeItTouchesThem) {
  Depot depot;  // untouched pages are inaccessible
  const int before = depot.image.commits();
  for (Frame i = 0; i < 3'000; ++i) ASSERT_NE(depot.Put(std::vector<Frame>(100, i)), 0u);
  EXPECT_GE(depot.image.commits() - before, 8);
}

TEST(StackDepotTest, AFullArenaAnswersZeroCountsAndStillKnowsTheOldStacks) {
  Depot depot(ImageOptions{.depot_bytes = 64 * 1024});
  const SiteId first = depot.Put({77});
  Frame i = 0;
  while (depot.Put(std::vector<Frame>(20, ++i)) != 0) {
  }
  EXPECT_GT(i, 300u);
  EXPECT_GE(depot.image.loss(capture::kLostUnwind), 1u);
  EXPECT_EQ(depot.Put({77}), first);
  EXPECT_GT(depot.Walk(), 300);
}

TEST(StackDepotTest, X16_PathologicalStacksDoNotCluster) {
  // Deep recursion, and stacks that differ in one low or one high bit. With a weak hash they share
  // buckets.
  Depot depot;
  std::set<SiteId> ids;
  for (uint64_t depth = 1; depth <= 120; ++depth)
    ids.insert(depot.Put(std::vector<Frame>(depth, 0x1000)));
  for (uint64_t i = 0; i < 20'000; ++i) ids.insert(depot.Put({i << 48, 0x2000, 0x3000}));
  for (uint64_t i = 0; i < 20'000; ++i) ids.insert(depot.Put({0x2000, 0x3000, i * 4096}));
  for (unsigned a = 0; a < 64; ++a) {
    for (unsigned b = 0; b < 64; ++b)
      ids.insert(depot.Put({uint64_t{1} << a, uint64_t{1} << b, 5}));
  }
  EXPECT_EQ(ids.count(0), 0u);
  EXPECT_EQ(ids.size(), 120u + 20'000 + 20'000 + 64 * 64);
  // The longest run of used index slots at a load of 17 %: about 15 for a good hash.
  const auto* const index =
      depot.image.view().region<std::atomic<SiteId>>(capture::kRegionDepotIndex);
  uint64_t run = 0, longest = 0;
  for (uint64_t i = 0; i < depot.image.view().entries(capture::kRegionDepotIndex); ++i) {
    run = index[i].load() != 0 ? run + 1 : 0;
    longest = std::max(longest, run);
  }
  EXPECT_LT(longest, 40u);
}

TEST(StackDepotTest, ThreadsThatRaceForAStackAgreeOnItsId) {
  Depot depot;
  constexpr int kThreads = 4;
  constexpr Frame kStacks = 3'000;
  std::vector<std::vector<SiteId>> ids(kThreads);
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (Frame i = 0; i < kStacks; ++i) ids[t].push_back(depot.Put({i, i + 1, 9}));
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (int t = 1; t < kThreads; ++t) EXPECT_EQ(ids[t], ids[0]);
  EXPECT_EQ(std::set<SiteId>(ids[0].begin(), ids[0].end()).size(), kStacks);
  EXPECT_GE(depot.Walk(), static_cast<int>(kStacks) + 1);
}

}  // namespace
}  // namespace leaktrack::track
