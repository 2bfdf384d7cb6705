// SPDX-License-Identifier: Apache-2.0
//
// A recorder image in anonymous memory, and the sums that it holds.
//
// Pages are inaccessible until they are committed. So a table that touches a page before asking for
// it dies in the test, as it would by SIGBUS on a full tmpfs.
//
// Thread-safety: as the tables.
#ifndef LEAKTRACK_TESTS_RECORD_TEST_IMAGE_H_
#define LEAKTRACK_TESTS_RECORD_TEST_IMAGE_H_

#include <gtest/gtest.h>
#include <sys/mman.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "libtrack/capture/write/recorder_view.h"
#include "libtrack/record/tracker.h"

namespace leaktrack::track {

class TestImage {
 public:
  explicit TestImage(const ImageOptions& options = {}) : plan_(PlanImage(options)) {
    base_ = static_cast<char*>(mmap(nullptr, plan_.image_bytes, PROT_NONE,
                                    MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0));
    if (base_ == MAP_FAILED) abort();
    mprotect(base_, plan_.header_bytes, PROT_READ | PROT_WRITE);
    good_ = InitImage(base_, plan_, &TestImage::Commit, this);
    view_.Bind(base_, &TestImage::Commit, this);
  }
  ~TestImage() { munmap(base_, plan_.image_bytes); }
  TestImage(const TestImage&) = delete;
  TestImage& operator=(const TestImage&) = delete;

  static bool Commit(void* context, capture::RegionId id, uint64_t bytes) {
    auto* const self = static_cast<TestImage*>(context);
    if (self->refuse_.load()) return false;
    ++self->commits_;
    if (self->during_next_commit_) std::exchange(self->during_next_commit_, nullptr)();
    return mprotect(self->base_ + self->plan_.regions[id].offset, bytes, PROT_READ | PROT_WRITE) ==
           0;
  }

  bool good() const { return good_; }
  void* base() { return base_; }
  const ImagePlan& plan() const { return plan_; }
  const ImageView& view() const { return view_; }
  capture::RecorderHeader& header() { return view_.header(); }
  uint64_t loss(capture::LossId id) { return header().losses[id].load(); }
  void RefuseCommits() { refuse_ = true; }
  // Runs `others` while a thread that asks for pages is kept waiting.
  void DuringNextCommit(std::function<void()> others) { during_next_commit_ = std::move(others); }
  int commits() const { return commits_; }
  TrackerOptions options(Filter* filter) {
    return {.image = base_,
            .commit = &TestImage::Commit,
            .commit_context = this,
            .filter = filter,
            .seed = 42};
  }

 private:
  ImagePlan plan_;
  char* base_;
  bool good_;
  ImageView view_;
  std::atomic<bool> refuse_{false};
  std::atomic<int> commits_{0};
  std::function<void()> during_next_commit_;
};

// The sums of all sites, as a reader of the image computes them.
struct Books {
  struct Sum {
    double samples = 0, objects = 0, bytes = 0;
  };
  Sum births, deaths, thinned, relabelled, live;
  uint64_t busy_slots = 0;
  Sum Expected() const {
    return {births.samples - deaths.samples - thinned.samples,
            births.objects - deaths.objects - thinned.objects + relabelled.objects,
            births.bytes - deaths.bytes - thinned.bytes + relabelled.bytes};
  }
};

inline Books ReadBooks(const ImageView& image) {
  Books books;
  const capture::RecorderHeader& header = image.header();
  const auto* const cells = image.region<capture::Cell>(capture::kRegionCells);
  for (uint32_t i = 0; i < header.cell_count.load(); ++i) {
    const uint64_t key = cells[i].key.load();
    if (key == 0 || key == capture::kCounterKey) continue;
    const auto band = static_cast<uint8_t>(key);
    Books::Sum& sum = band == capture::kBandBirths       ? books.births
                      : band == capture::kBandThinned    ? books.thinned
                      : band == capture::kBandRelabelled ? books.relabelled
                                                         : books.deaths;
    sum.samples += static_cast<double>(cells[i].samples.load());
    sum.objects += cells[i].objects.load();
    sum.bytes += cells[i].bytes.load();
  }
  const char* const live = image.region<char>(capture::kRegionLive);
  for (const capture::LiveSegment& segment : header.live_segments) {
    const auto* const buckets = reinterpret_cast<const capture::LiveBucket*>(live + segment.offset);
    for (uint64_t i = 0; i < segment.bucket_count.load() * 4; ++i) {
      const capture::LiveHot& slot = buckets[i / 4].slots[i % 4];
      const uint64_t key = slot.key.load();
      if (key == capture::kSlotBusy) ++books.busy_slots;
      if (key <= capture::kSlotBusy) continue;
      const uint64_t label = slot.size_interval.load();
      const Weight weight = WeightOf(label >> 8, header.interval_bytes[label & 0xff].load());
      books.live.samples += 1;
      books.live.objects += weight.objects;
      books.live.bytes += weight.bytes;
    }
  }
  return books;
}

// The sums of the threads' own cells and counters, as a reader of the image computes them.
struct OwnSums {
  explicit OwnSums(TestImage& image) {
    EXPECT_TRUE(view.Open(&image.header(), image.plan().image_bytes));
    of_cell.resize(view.cell_count());
    view.SumOwnCells(of_cell.data(), static_cast<uint32_t>(of_cell.size()), &counters);
  }
  capture::RecorderView view;
  std::vector<capture::CellOwnSums> of_cell;
  capture::SharedCounters counters;  // with the header's
};

// What a reader of the image sees of (site, band): the shared cell plus the threads' own cells. All
// zero: nothing.
inline capture::CellCopy ReadCell(TestImage& image, capture::SiteId site, uint8_t band) {
  const OwnSums own(image);
  for (uint32_t i = 0; i < own.of_cell.size(); ++i) {
    capture::CellCopy cell;
    if (!own.view.CopyCell(i, &cell) || cell.key != (uint64_t{site} << 8 | band)) continue;
    Add(own.of_cell[i], &cell);
    return cell;
  }
  return {};
}

// Records a birth on the same path as the hooks (wrap/birth.cc). True if the block was recorded.
template <typename SiteFn>
bool RecordBlock(Tracker& tracker, const GuardTicket& ticket, HotThread& hot, ThreadState& state,
                 void* block, uint64_t size, SiteFn site, uint64_t now_ms,
                 const ChainLink* link = nullptr) {
  if (link == nullptr && tracker.RecordsExactly(state, size))
    return tracker.InsertExact(ticket, state, block, size, site(), now_ms);
  Sample sample;
  return tracker.Judge(hot, state, size, now_ms, &sample) &&
         tracker.Insert(ticket, state, block, size, sample, site(), now_ms, link);
}

// Settles a death on the same path as the hooks (wrap/death.h).
inline void SettleBlock(Tracker& tracker, ThreadState* state, const Removed& removed,
                        uint64_t now_ms) {
  if (state != nullptr && tracker.DiesExactly(*state, removed)) {
    tracker.SettleExact(*state, removed, now_ms);
  } else {
    tracker.SettleDeath(state, removed, now_ms);
  }
}

// Everything that one simulated process needs. It is large: keep it on the heap.
struct Process {
  explicit Process(const ImageOptions& image_options = {}, TrackerOptions wanted = {})
      : image(image_options),
        filter(new Filter{}),
        tracker(new Tracker{}),
        state(new ThreadState{}) {
    TrackerOptions options = image.options(filter.get());
    options.interval = wanted.interval;
    options.thread_memory = wanted.thread_memory;
    options.live_limit = image_options.live_limit;
    options.exact_block_limit = image_options.exact_block_limit;
    if (wanted.seed != 0) options.seed = wanted.seed;
    bound = tracker->Bind(options);
  }

  capture::SiteId Site(uint64_t n) {
    const std::array<capture::Frame, 2> frames = {capture::MakeFrame(1, 0x1000 + 16 * n),
                                                  capture::MakeFrame(1, 0x20)};
    return tracker->Intern({capture::SiteKind::kHeap, frames, false});
  }

  // Allocates as a hook does. True if the block was recorded.
  bool Malloc(uintptr_t block, uint64_t size, capture::SiteId site, uint64_t now_ms,
              const ChainLink* link = nullptr) {
    if (size < hot.countdown) {
      hot.countdown -= size;
      return false;
    }
    NamedGuard guard(hot);
    return RecordBlock(
        *tracker, guard.ticket(), hot, *state, Ptr(block), size, [=] { return site; }, now_ms,
        link);
  }
  bool Free(uintptr_t block, uint64_t now_ms) {
    if (!filter->MayBeTracked(Ptr(block))) return false;
    const Removed removed = tracker->Take(Ptr(block));
    SettleBlock(*tracker, state.get(), removed, now_ms);
    return removed.found;
  }
  static void* Ptr(uintptr_t block) { return reinterpret_cast<void*>(block); }

  TestImage image;
  std::unique_ptr<Filter> filter;
  std::unique_ptr<Tracker> tracker;
  std::unique_ptr<ThreadState> state;
  HotThread hot{};
  bool bound = false;
};

// Checks that births minus deaths equals what is alive.
inline void ExpectBalanced(Process& process) {
  const Books books = ReadBooks(process.image.view());
  const Books::Sum expected = books.Expected();
  EXPECT_EQ(expected.samples, books.live.samples);
  EXPECT_EQ(OwnSums(process.image).counters.live, static_cast<uint64_t>(books.live.samples));
  EXPECT_NEAR(expected.objects, books.live.objects, 1e-9 * books.births.objects);
  EXPECT_NEAR(expected.bytes, books.live.bytes, 1e-9 * books.births.bytes);
}

}  // namespace leaktrack::track

#endif  // LEAKTRACK_TESTS_RECORD_TEST_IMAGE_H_
