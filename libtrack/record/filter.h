// SPDX-License-Identifier: Apache-2.0
//
// Proves in one load that a freed block is not tracked. Also holds the word that says whether the
// library records at all.
//
// 2^19 one-byte counters. Tracking an address raises its counter, and removing it lowers the
// counter. A zero counter is a proof, so the free of an unsampled block ends here. With 32,768 live
// samples, 6 % of all other addresses find a counter that is not zero and pay for a look into the
// live table (measured; with 256 KiB of counters it is 11 %). A counter that reaches 255 stays
// there.
//
// The object must lie in private, page-aligned, zero-filled memory with MADV_WIPEONFORK, which the
// runtime applies. A fork child then finds the gate shut and nothing tracked, although no code has
// run in it.
//
// Thread-safety: any thread.
// Allocates: never.
// Signals: safe.
// Fork: the child finds it empty and shut.
#ifndef LEAKTRACK_LIBTRACK_RECORD_FILTER_H_
#define LEAKTRACK_LIBTRACK_RECORD_FILTER_H_

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace leaktrack::track {

class alignas(4096) Filter {
 public:
  static constexpr unsigned kBits = 19;
  static constexpr size_t kCounters = size_t{1} << kBits;
  static constexpr uint8_t kSticky = 255;

  // False: the block is certainly not tracked. True: it may be.
  bool MayBeTracked(const void* block) const {
    return counters_[IndexOf(block)].load(std::memory_order_relaxed) != 0;
  }

  void Raise(const void* block) { Step(counters_[IndexOf(block)], 1); }
  void Lower(const void* block) { Step(counters_[IndexOf(block)], -1); }

  // For exact mode: from now on every block may be tracked, for the rest of the run. Blocks of
  // exact mode then neither raise nor lower their counters.
  void RaiseAllForGood();

  // Every slow path asks this first. Call Open() after the recorder is bound, and Shut() to stop
  // recording.
  bool is_open() const { return gate_.load(std::memory_order_acquire) != 0; }
  void Open() { gate_.store(1, std::memory_order_release); }
  void Shut() { gate_.store(0, std::memory_order_release); }

 private:
  static void Step(std::atomic<uint8_t>& counter, int by) {
    const uint8_t seen = counter.load(std::memory_order_relaxed);
    if (seen != kSticky) StepFrom(counter, seen, by);
  }
  static void StepFrom(std::atomic<uint8_t>& counter, uint8_t seen, int by);

  // Neighbouring blocks have neighbouring counters: 4 KiB of heap share one cache line of counters.
  // (A hash of all bits would spread the frees of a small heap over 512 KiB.) Two to four of the
  // smallest blocks share one counter. This matters little: with sampling by bytes, few of the
  // 64-byte ranges hold a tracked block. The upper bits separate blocks that allocators place at
  // multiples of 1 to 16 KiB.
  static size_t IndexOf(const void* block) {
    const auto address = reinterpret_cast<uintptr_t>(block);
    return static_cast<size_t>(((address >> 6) ^ (address >> 13)) & (kCounters - 1));
  }

  std::atomic<uint32_t> gate_;
  alignas(4096) std::atomic<uint8_t> counters_[kCounters];
};
static_assert(sizeof(Filter) == 4096 + Filter::kCounters);

}  // namespace leaktrack::track

#endif  // LEAKTRACK_LIBTRACK_RECORD_FILTER_H_
