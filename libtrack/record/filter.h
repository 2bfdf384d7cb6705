// SPDX-License-Identifier: Apache-2.0
//
// Tells a free in one load that a block is not one of ours; and the word that says whether we
// record at all.
//
// 2^19 one-byte counters; a tracked address raises one, its removal lowers it. A zero counter is a
// proof, so the free of an unsampled block ends here. At 32,768 live samples 6 % of other addresses
// find a counter that is not zero and pay for a look into the live table (256 KiB: 11 %; measured).
// A counter that reaches 255 stays there.
//
// The object must lie in private, page-aligned, zero-filled memory to which the runtime applies
// MADV_WIPEONFORK: a fork child then finds the gate shut and nothing tracked, without anybody
// having run.
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

  // False is certain.
  bool MayBeTracked(const void* block) const {
    return counters_[IndexOf(block)].load(std::memory_order_relaxed) != 0;
  }

  void Raise(const void* block) { Step(counters_[IndexOf(block)], 1); }
  void Lower(const void* block) { Step(counters_[IndexOf(block)], -1); }

  // Exact mode: every block may be tracked, for the rest of the run. Blocks of that mode are
  // neither raised nor lowered then.
  void RaiseAllForGood();

  // Every slow path asks this first. Open() after the recorder is bound, Shut() to stop recording.
  bool is_open() const { return gate_.load(std::memory_order_acquire) != 0; }
  void Open() { gate_.store(1, std::memory_order_release); }
  void Shut() { gate_.store(0, std::memory_order_release); }

 private:
  static void Step(std::atomic<uint8_t>& counter, int by) {
    const uint8_t seen = counter.load(std::memory_order_relaxed);
    if (seen != kSticky) StepFrom(counter, seen, by);
  }
  static void StepFrom(std::atomic<uint8_t>& counter, uint8_t seen, int by);

  // Blocks that lie together have their counters together: four kibibytes of heap in one cache line
  // (a product of all bits would spread the frees of a small heap over half a mebibyte). Two to
  // four of the smallest share one: sampled by bytes, a counter's 64 bytes are seldom tracked. The
  // upper bits tell apart what allocators put at multiples of 1 to 16 KiB.
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
