// SPDX-License-Identifier: Apache-2.0
//
// This process as a tracked one, without anything being interposed: a bound tracker, an open gate,
// a module map, and made functions (made_functions.h) behind the hooks' slow roads.
//
// The image is in memory of the test's; there is no drainer and no file.
// Thread-safety: one at a time; threads that it is used by end before it does.
#ifndef LEAKTRACK_TESTS_WRAP_TRACKED_RUN_H_
#define LEAKTRACK_TESTS_WRAP_TRACKED_RUN_H_

#include <gtest/gtest.h>

#include <cstdint>
#include <new>
#include <optional>
#include <string>

#include "libtrack/platform/modules/module_map.h"
#include "libtrack/platform/os/clock.h"
#include "libtrack/platform/real/real_functions.h"
#include "libtrack/runtime/hook_coverage.h"
#include "libtrack/runtime/run.h"
#include "libtrack/runtime/threads.h"
#include "libtrack/wrap/inner_calls.h"
#include "tests/record/test_image.h"
#include "tests/wrap/made_functions.h"

namespace leaktrack::track {

inline RealFunctions MadeFunctions() {
  RealFunctions real{};
  real.malloc = made::Malloc;
  real.free = made::Free;
  real.calloc = made::Calloc;
  real.realloc = made::Realloc;
  real.posix_memalign = made::PosixMemalign;
  real.aligned_alloc = made::Memalign;
  real.memalign = made::Memalign;
  real.valloc = made::Valloc;
  real.pvalloc = made::Pvalloc;
  real.malloc_usable_size = made::UsableSize;
  real.mmap = made::Mmap;
  real.munmap = made::Munmap;
  real.mremap = made::Mremap;
  real.mprotect = made::Mprotect;
  real.shmat = made::Shmat;
  real.shmdt = made::Shmdt;
  real.brk = made::Brk;
  real.sbrk = made::Sbrk;
  return real;
}

class TrackedRun {
 public:
  // By default in exact mode.
  explicit TrackedRun(uint64_t interval = 1)
      : image_({.exact_block_limit = interval == 1 ? uint64_t{1} << 16 : 0}),
        real_before_(g_real),
        resolved_before_(g_real_resolved.load()) {
    made::ResetScript();
    g_real = MadeFunctions();
    g_real_resolved.store(true);
    hot_thread = {};
    new (&g_filter) Filter{};
    UseImage({.base = static_cast<char*>(image_.base()), .bytes = image_.plan().image_bytes}, 0);
    image_.header().run_id = 7;
    image_.header().start_monotonic_ns = MonotonicCoarseNs();
    TrackerOptions options = image_.options(&g_filter);
    options.interval = interval;
    options.exact_block_limit = interval == 1 ? uint64_t{1} << 16 : 0;
    options.thread_memory = PrivateMemory;
    EXPECT_TRUE(g_tracker.Bind(options));
    BindModules();
    PrepareThreads(&g_tracker);
    g_filter.Open();
  }
  ~TrackedRun() {
    g_filter.Shut();
    new (&g_filter) Filter{};
    hot_thread = {};
    g_inner_calls_watched = false;
    g_heap_is_bypassed = false;
    g_real = real_before_;
    g_real_resolved.store(resolved_before_);
    UseImage({}, 0);
    made::ResetScript();
  }
  TrackedRun(const TrackedRun&) = delete;
  TrackedRun& operator=(const TrackedRun&) = delete;

  TestImage& image() { return image_; }
  Books books() { return ReadBooks(image_.view()); }
  uint64_t loss(capture::LossId id) { return image_.loss(id); }

  // Of the live table: blocks of the heap, and objects of pools.
  uint64_t blocks() { return static_cast<uint64_t>(books().live.samples); }
  uint64_t bytes() {
    uint64_t sum = 0;
    Visit([&](const LiveTable::Slot& slot) { sum += slot.size_interval >> 8; });
    return sum;
  }
  uint64_t births() { return static_cast<uint64_t>(books().births.samples); }
  uint64_t deaths() { return static_cast<uint64_t>(books().deaths.samples); }

  std::optional<LiveEntry> Find(const void* block) {
    std::optional<LiveEntry> found;
    Visit([&](const LiveTable::Slot& slot) {
      if (slot.block != reinterpret_cast<uintptr_t>(block)) return;
      found = LiveEntry{.size = slot.size_interval >> 8,
                        .interval_index = static_cast<uint8_t>(slot.size_interval),
                        .site = slot.cold->site.load(),
                        .birth_ms = slot.cold->birth_chain.load() >> 24,
                        .chain = static_cast<uint32_t>(slot.cold->birth_chain.load() & 0xff'ffff)};
    });
    return found;
  }
  const capture::StackRecord& StackOf(capture::SiteId site) {
    return g_tracker.depot().record(site);
  }
  // Whether frame `index` of the site lies in the function that begins there.
  bool IsFrameIn(capture::SiteId site, uint32_t index, const void* function) {
    constexpr uintptr_t kLargest = 8192;  // of a function of these tests, instrumented
    const capture::StackRecord& stack = StackOf(site);
    const ModuleView module = ViewModule(reinterpret_cast<uintptr_t>(function));
    if (index >= stack.frame_count || module.number == 0 ||
        capture::FrameModule(stack.frames[index]) != module.number)
      return false;
    const uintptr_t at = module.bias + capture::FrameAddress(stack.frames[index]);
    return at - reinterpret_cast<uintptr_t>(function) < kLargest;
  }

  // Of the table of mappings.
  uint64_t mapped_bytes() {
    uint64_t sum = 0;
    ForEachMapping([&](const capture::MapEntry& entry) { sum += entry.length; });
    return sum;
  }
  uint64_t mappings() {
    uint64_t count = 0;
    ForEachMapping([&](const capture::MapEntry&) { ++count; });
    return count;
  }
  capture::SiteId SiteOfMapping(const void* at) {
    capture::SiteId site = 0;
    ForEachMapping([&](const capture::MapEntry& entry) {
      if (reinterpret_cast<uintptr_t>(at) - entry.start < entry.length) site = entry.site;
    });
    return site;
  }
  // What was born and has not died is what is in the two tables.
  void ExpectBalanced() {
    const Books now = books();
    const Books::Sum expected = now.Expected();
    EXPECT_EQ(expected.samples, now.live.samples + static_cast<double>(mappings()));
    EXPECT_NEAR(expected.bytes, now.live.bytes + static_cast<double>(mapped_bytes()),
                1e-9 * now.births.bytes);
  }

 private:
  void BindModules() {
    capture::RecorderHeader& header = image_.header();
    const capture::Region& region = header.regions[capture::kRegionModules];
    BindModuleMap({.entries = image_.view().region<capture::ModuleEntry>(capture::kRegionModules),
                   .capacity = static_cast<uint32_t>(region.entries),
                   .count = &header.module_count,
                   .generation = &header.module_generation,
                   .lost = &header.losses[capture::kLostModules],
                   .commit = nullptr,
                   .tick_ms = &header.tick_ms});
  }
  template <typename Visitor>
  void Visit(Visitor visitor) {
    g_tracker.live().VisitBuckets(0, UINT64_MAX, visitor);
  }
  template <typename Visitor>
  void ForEachMapping(Visitor visitor) {
    const auto* const entries = image_.view().region<capture::MapEntry>(capture::kRegionMaps);
    for (uint32_t i = 0; i < image_.header().map_count.load(); ++i) {
      if (entries[i].length != 0) visitor(entries[i]);
    }
  }

  TestImage image_;
  const RealFunctions real_before_;
  const bool resolved_before_;
};

}  // namespace leaktrack::track

#endif  // LEAKTRACK_TESTS_WRAP_TRACKED_RUN_H_
