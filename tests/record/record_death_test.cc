// SPDX-License-Identifier: Apache-2.0
//
// What the callers of the recording half must hold to: each test breaks one promise.
#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include "tests/record/test_image.h"
#include "tests/support/preconditions.h"

namespace leaktrack::track {
namespace {

using capture::kExactIndex;
using capture::kSlotEmpty;

struct Exact : Process {
  Exact() : Process({}, {.interval = 1}) {}
};

Sample At(uint8_t interval_index) { return {interval_index}; }

// ---- guard.h ----

TEST(GuardDeathTest, OnlyAGuardThatIsHeldHasATicket) {
  HotThread hot{};
  const NamedGuard outer(hot);
  const NamedGuard inner(hot);
  EXPECT_PRECONDITION(inner.ticket(), "held()");
}

// ---- thread_state.h ----

TEST(ThreadStateDeathTest, ASlabIsAlignedAsItsStatesAre) {
  alignas(64) static char memory[2 * sizeof(ThreadState)];
  ThreadStatePool pool;
  EXPECT_PRECONDITION(pool.AddSlab(memory + 8, sizeof(ThreadState)),
                      "reinterpret_cast<uintptr_t>(memory) % alignof(ThreadState) == 0");
}

TEST(ThreadStateDeathTest, WhatIsGivenBackIsAState) {
  ThreadStatePool pool;
  EXPECT_PRECONDITION(pool.Release(nullptr), "state != nullptr");
}

TEST(ThreadStateDeathTest, OwnCellsMoveToAnEmptyTableAndNotForEver) {
  OwnCells cells{};
  cells.Clear();
  std::vector<OwnCells::Entry> larger(size_t{1} << (OwnCells::kFewBits + 3));
  larger[0].key = 1;
  EXPECT_PRECONDITION(cells.MoveTo(larger.data()), "larger->key == 0");
  cells.shift = 64 - OwnCells::kMostBits;
  EXPECT_PRECONDITION(cells.MoveTo(larger.data()), "shift > 64 - kMostBits");
}

// ---- cells.h ----

TEST(CellsDeathTest, TheIndexIsAPowerOfTwo) {
  TestImage image;
  image.header().regions[capture::kRegionCellIndex].entries = 1000;
  Cells cells;
  EXPECT_PRECONDITION(cells.Bind(image.view(), nullptr), "std::has_single_bit");
}

TEST(CellsDeathTest, NoSiteHasNoCell) {
  const auto process = std::make_unique<Process>();
  EXPECT_PRECONDITION(process->tracker->cells().Find(0, capture::kBandBirths), "site != 0");
}

TEST(CellsDeathTest, OwnCellsAreOfAStateThatWasMadeReadyForThisRun) {
  const auto process = std::make_unique<Exact>();
  OwnCells never_cleared{};
  EXPECT_PRECONDITION(process->tracker->cells().AddExact(&never_cleared, 1, 1, 8),
                      "own->entries != nullptr");
}

TEST(CellsDeathTest, ACounterHoldsNoMoreThanReadersBelieve) {
  capture::Cell cell{};
  EXPECT_PRECONDITION(Cells::CountOwn(cell, 1, capture::kCounterMost + 1), "at_once > 0");
}

// ---- live_table.h, live_bucket.h ----

TEST(LiveTableDeathTest, TheWordsForEmptyAndBusyAreNoBlocks) {
  const auto process = std::make_unique<Exact>();
  LiveEntry entry{.size = 8, .site = 1};
  EXPECT_PRECONDITION(process->tracker->live().Insert(capture::kSlotBusy, entry),
                      "block > capture::kSlotBusy");
  EXPECT_PRECONDITION(process->tracker->live().Take(kSlotEmpty, &entry),
                      "block != capture::kSlotEmpty");
}

TEST(LiveTableDeathTest, AnEntryFitsItsSlot) {
  const auto process = std::make_unique<Exact>();
  LiveTable& live = process->tracker->live();
  const LiveEntry large{.size = uint64_t{1} << 56}, late{.birth_ms = uint64_t{1} << 40},
      linked{.chain = 1u << 24};
  EXPECT_PRECONDITION(live.Insert(64, large), "entry.size < uint64_t{1} << 56");
  EXPECT_PRECONDITION(live.Insert(64, late), "entry.birth_ms < uint64_t{1} << 40");
  EXPECT_PRECONDITION(live.Insert(64, linked), "entry.chain < 1u << 24");
}

TEST(LiveTableDeathTest, LabelsOfExactModeAreNeverChanged) {
  LiveTable::Slot slot{.block = 64, .size_interval = 8 << 8 | kExactIndex};
  EXPECT_PRECONDITION(LiveTable::Relabel(slot, kBaseIndex),
                      "static_cast<uint8_t>(slot.size_interval) != kExactIndex");
  slot.size_interval |= kBaseIndex;
  EXPECT_PRECONDITION(LiveTable::Relabel(slot, kExactIndex), "interval_index != kExactIndex");
}

TEST(LiveTableDeathTest, ASegmentIsAPowerOfTwo) {
  TestImage image;
  image.header().live_segments[0].bucket_count = 1000;
  LiveTable live;
  EXPECT_PRECONDITION(live.Bind(image.view(), false), "std::has_single_bit");
}

// ---- interval_control.h ----

TEST(IntervalControlDeathTest, AnIntervalIsNamedByAnIndexOfTheTable) {
  TestImage image;
  IntervalControl control;
  EXPECT_PRECONDITION(control.BytesOf(0), "header_ != nullptr") << "before it is bound";
  control.Bind(&image.header(), 0, 32'768);
  EXPECT_PRECONDITION(control.BytesOf(200), "header_ != nullptr && index <");
  EXPECT_PRECONDITION(control.RaiseLiveTo(200, 0), "index <= largest_index_");
}

TEST(IntervalControlDeathTest, ExactModeTakesNoSamplesAndIsLeftOnce) {
  TestImage image;
  IntervalControl control;
  control.Bind(&image.header(), 1, 32'768);
  EXPECT_PRECONDITION(control.NoteSample(0), "!exact()");
  control.LeaveExact(0, 0);
  EXPECT_PRECONDITION(control.LeaveExact(0, 0), "exact()");
}

// ---- kept_ring.h ----

TEST(KeptRingDeathTest, TheReaderStaysBehindTheWriters) {
  static capture::ThreadBlock block{};
  const LiveEntry entry{.size = 8, .site = 1};
  block.consumed = 5;
  EXPECT_PRECONDITION(PushKeptDeath(block, entry, 1), "IsInOrder(block)");
}

TEST(KeptRingDeathTest, PositionsAreTakenInOrder) {
  static capture::ThreadBlock block{};
  const capture::KeptEvent* event = nullptr;
  block.written = block.consumed = 5;
  EXPECT_PRECONDITION(PeekKept(block, 4, &event), "position >= block.consumed.load()");
}

TEST(KeptRingDeathTest, ABlockIsGivenBackOnceAndTheCommonOneNever) {
  const auto process = std::make_unique<Process>();
  ThreadBlocks& blocks = process->tracker->thread_blocks();
  EXPECT_PRECONDITION(blocks.Release(&blocks.common()), "index != 0");
  capture::ThreadBlock* const block = blocks.Acquire(1);
  blocks.Release(block);
  EXPECT_PRECONDITION(blocks.Release(block), "block->thread_number.load() != 0");
}

// ---- map_table.h, reserved_ranges.h ----

class MapTableDeathTest : public ::testing::Test {
 protected:
  MapTable& maps() { return process_->tracker->maps(); }
  const std::unique_ptr<Process> process_ = std::make_unique<Process>();
  const capture::SiteId site_ = process_->Site(1);
};

TEST_F(MapTableDeathTest, MappingsAreWholePagesAndNotEmpty) {
  constexpr char kCondition[] = "start % kPageBytes == 0 && length != 0";
  EXPECT_PRECONDITION(maps().Add(100, 4096, site_, 1), kCondition);
  EXPECT_PRECONDITION(maps().Add(4096, 0, site_, 1), kCondition);
  EXPECT_PRECONDITION(maps().Reserve(100, 4096, 1), kCondition);
  EXPECT_PRECONDITION(maps().AddBytes(100, 0, site_, 1), "length != 0");
}

TEST_F(MapTableDeathTest, WhatIsDetachedGoesSomewhere) {
  EXPECT_PRECONDITION(maps().DetachFrom(4096, 1, nullptr), "detached != nullptr");
}

void AddWhileSomebodyElseUnlocks(Process& process, MapTable& maps, capture::SiteId site) {
  process.image.DuringNextCommit([&] { ++process.image.header().map_lock; });
  for (uintptr_t page = 1; page < 1000; ++page) maps.Add(8192 * page, 4096, site, 1);
}

TEST_F(MapTableDeathTest, TheLockIsGivenBackByWhoeverHasIt) {
  EXPECT_PRECONDITION(AddWhileSomebodyElseUnlocks(*process_, maps(), site_), "IsLocked()");
}

TEST(ReservedRangesDeathTest, ARangeIsNotEmpty) {
  const auto ranges = std::make_unique<ReservedRanges>();
  EXPECT_PRECONDITION(ranges->Add(4096, 4096), "low < high");
}

// ---- sampler.h, numeric.h ----

TEST(SamplerDeathTest, IsSeededBeforeItDrawsAndHasAnInterval) {
  Sampler sampler{};
  EXPECT_PRECONDITION(sampler.Random(), "(s[0] | s[1] | s[2] | s[3]) != 0");
  sampler.Seed(1);
  EXPECT_PRECONDITION(sampler.Draw(0, 0), "interval != 0");
}

TEST(NumericDeathTest, FunctionsAreAskedWhereTheyAreDefined) {
  for (const double x : {0.0, -1.0, 1e-310, 1e308 * 10})
    EXPECT_PRECONDITION(Ln(x), "x >= 0x1p-1022") << x;
  EXPECT_PRECONDITION(OneMinusExp(-1e-9), "x >= 0");
}

// ---- stack_depot.h ----

TEST(StackDepotDeathTest, TheIndexIsAPowerOfTwo) {
  TestImage image;
  image.header().regions[capture::kRegionDepotIndex].entries = 1000;
  StackDepot depot;
  EXPECT_PRECONDITION(depot.Bind(image.view()), "std::has_single_bit");
}

TEST(StackDepotDeathTest, AStackIsNoLongerThanAWalkAndComesWithItsFold) {
  const auto process = std::make_unique<Process>();
  const std::vector<capture::Frame> frames(kMaxFrames + 1, capture::MakeFrame(1, 1));
  const StackDepot::Stack long_one(capture::SiteKind::kHeap, frames, false);
  const StackDepot::Stack misfolded(capture::SiteKind::kHeap, {frames.data(), 2}, false, 77);
  EXPECT_PRECONDITION(process->tracker->depot().Intern(long_one),
                      "stack.frames.size() <= kMaxFrames");
  EXPECT_PRECONDITION(process->tracker->depot().Intern(misfolded),
                      "stack.fold == FoldFrames(stack.frames)");
}

TEST(StackDepotDeathTest, OnlyWhatItGaveOutIsASite) {
  const auto process = std::make_unique<Process>();
  EXPECT_PRECONDITION(process->tracker->depot().record(123'456),
                      "uint64_t{id} * 8 < image_.header().depot_used_bytes.load()");
}

// ---- image.h ----

TEST(ImageDeathTest, AnImageIsMadeOnceOfWholePages) {
  TestImage image;
  char* const base = static_cast<char*>(image.base());
  EXPECT_PRECONDITION(InitImage(base + 64, image.plan(), &TestImage::Commit, &image),
                      "reinterpret_cast<uintptr_t>(base) % kPage == 0");
  EXPECT_PRECONDITION(InitImage(base, image.plan(), &TestImage::Commit, &image),
                      "header->magic == 0");
}

TEST(ImageDeathTest, AViewIsBoundBeforeUseAndToSomething) {
  ImageView view;
  EXPECT_PRECONDITION(view.Ensure(capture::kRegionCells, 1), "header_ != nullptr");
  EXPECT_PRECONDITION(view.Bind(nullptr, &TestImage::Commit, nullptr), "base != nullptr");
}

// ---- tracker.h ----

TEST(TrackerDeathTest, IsBoundBeforeItIsTold) {
  const auto tracker = std::make_unique<Tracker>();
  const auto state = std::make_unique<ThreadState>();
  const std::array frames = {capture::MakeFrame(1, 1)};
  const StackDepot::Stack stack(capture::SiteKind::kHeap, frames, false);
  EXPECT_PRECONDITION(tracker->Intern(stack), "generation_ != 0");
  HotThread hot{};
  const NamedGuard guard(hot);
  EXPECT_PRECONDITION(
      tracker->Insert(guard.ticket(), *state, &hot, 8, At(kBaseIndex), 1, 1, nullptr),
      "generation_ != 0");
}

TEST(TrackerDeathTest, IsBoundBeforeTheGateOpensAndToTheImagesLimits) {
  const auto process = std::make_unique<Process>();
  TrackerOptions options = process->image.options(process->filter.get());
  options.live_limit = 1 << 20;
  EXPECT_PRECONDITION(process->tracker->Bind(options), "options.live_limit <= live_.capacity()");
  process->filter->Open();
  EXPECT_PRECONDITION(process->tracker->Bind(options),
                      "options.filter != nullptr && !options.filter->is_open()");
}

TEST(TrackerDeathTest, TheShortWayIsForAStateOfThisRun) {
  const auto process = std::make_unique<Exact>();
  const NamedGuard guard(process->hot);
  EXPECT_PRECONDITION(
      process->tracker->InsertExact(guard.ticket(), *process->state, Process::Ptr(64), 8, 1, 1),
      "state.generation == generation_");
}

TEST(TrackerDeathTest, TheShortWayOutIsForABlockThatWasFound) {
  const auto process = std::make_unique<Exact>();
  EXPECT_PRECONDITION(process->tracker->SettleExact(*process->state, {}, 1), "removed.found");
}

}  // namespace
}  // namespace leaktrack::track
