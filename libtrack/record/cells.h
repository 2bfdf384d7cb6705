// SPDX-License-Identifier: Apache-2.0
//
// The monotonic sums of each (site, band), found or made without a lock.
//
// A cell is made complete (key set, sums zero) before the index names it. Two threads that make the
// same one: the loser wipes its key and leaves the cell unused. `samples` is raised last, so a
// reader that sees it sees the rest. Because sums only grow, an epoch is the difference of two
// looks, and a look may be taken at any instant.
//
// Cost: 4 compare-and-swaps and one locked add for a sampled block. Exact mode would pay that at
// every call, and its threads wait for each other's lines: there each thread has cells of its own
// (OwnCells), added to by plain stores; readers add them up. They go with the ThreadState to the
// next thread that gets it, and come in runs of 8 to 15, which begin in the first half of all
// cells; who comes later, or finds his places taken, shares. A place is never given to another key:
// sums lie in the cell, and nobody else knows whose it is.
//
// Thread-safety: any thread, lock-free; OwnCells belong to one thread that holds the guard.
// Allocates: never; asks for pages.
// Signals: safe (without OwnCells).
// Fork: the child binds anew.
#ifndef LEAKTRACK_LIBTRACK_RECORD_CELLS_H_
#define LEAKTRACK_LIBTRACK_RECORD_CELLS_H_

#include <cstdint>

#include "libtrack/capture/dcheck.h"
#include "libtrack/capture/recorder_layout.h"
#include "libtrack/record/image.h"
#include "libtrack/record/numeric.h"
#include "libtrack/record/thread_state.h"

namespace leaktrack::track {

class Cells {
 public:
  static constexpr uint32_t kMaxProbes = 256;

  // Zero-filled memory for a larger table of a thread's own cells, for good; null: there is none.
  using MemoryFn = void* (*)(size_t bytes);

  void Bind(const ImageView& image, MemoryFn memory);

  // The cell of (site, band), made if need be. Null: no room, and counted as kLostCells.
  [[nodiscard]] capture::Cell* Find(capture::SiteId site, uint8_t band);
  static void Add(capture::Cell& cell, const Weight& weight, uint64_t samples = 1);

  // Adds one block that was not sampled by chance. `own`: the calling thread's cells, while it
  // holds the guard; null: it does not. False: no room, and counted as kLostCells.
  bool AddExact(OwnCells* own, capture::SiteId site, uint8_t band, uint64_t size) {
    const uint64_t key = (uint64_t{site} << 8) | band;
    const auto bytes =
        static_cast<double>(static_cast<int64_t>(size));  // of a sign: in one instruction
    if (own == nullptr) return AddExactShared(key, bytes);
    LEAKTRACK_DCHECK(own->entries != nullptr);
    const OwnCells::Entry& entry = own->entries[own->HomeOf(key)];
    if (entry.key != key) [[unlikely]]
      return AddExactAnew(*own, key, bytes);
    AddAlone(*entry.cell, bytes);
    return true;
  }

  // The thread's share of samples_total and live_count, made if need be. Null: no room, count in
  // the header.
  capture::Cell* Counter(OwnCells& own) {
    return own.counter != nullptr ? own.counter : NewCounter(own);
  }
  // Adds live blocks to it. Returns what is to be added to the header's live_count now, mostly 0.
  static int64_t CountOwn(capture::Cell& counter, int64_t live, int64_t at_once) {
    LEAKTRACK_DCHECK(at_once > 0 && at_once <= capture::kCounterMost);
    const int64_t sum =
        capture::CounterLive(counter.objects.load(std::memory_order_relaxed)) + live;
    const bool enough =
        static_cast<uint64_t>(sum + at_once - 1) > static_cast<uint64_t>(2 * at_once - 2);
    counter.objects.store(capture::CounterWord(enough ? 0 : sum), std::memory_order_relaxed);
    return enough ? sum : 0;
  }
  // One writer's count: in one instruction, after all that was stored before.
  static void RaiseAlone(std::atomic<uint64_t>& count) {
    std::atomic_signal_fence(std::memory_order_release);
    __asm__("addq $1, %0" : "+m"(count));
  }

 private:
  // Of one writer: no other thread's sum can come in between. (GCC takes an atomic double through
  // an integer register, both ways.)
  static void Raise(std::atomic<double>& sum, double by) {
    __asm__("addsd %1, %0\n\tmovsd %0, %1" : "+x"(by), "+m"(sum));
  }
  static void AddAlone(capture::Cell& cell, double bytes) {
    Raise(cell.objects, 1);
    Raise(cell.bytes, bytes);
    Raise(cell.bytes_squared, bytes * bytes);
    RaiseAlone(cell.samples);
  }

  bool AddExactShared(uint64_t key, double bytes);
  bool AddExactAnew(OwnCells& own, uint64_t key, double bytes);
  capture::Cell* NewCounter(OwnCells& own);
  capture::Cell* FindKey(uint64_t key);
  capture::Cell* Claim(OwnCells& own, uint64_t key);
  OwnCells::Entry* PlaceFor(OwnCells& own, uint64_t key);
  capture::Cell* Publish(uint32_t number, uint64_t key);
  uint32_t Reserve(uint32_t* first, bool of_one_thread);
  uint32_t Append(uint64_t key);
  capture::Cell* AppendOwn(OwnCells& own, uint64_t key);
  bool HasRoomFor(const OwnCells& own) const;

  ImageView image_;
  MemoryFn memory_ = nullptr;
};

}  // namespace leaktrack::track

#endif  // LEAKTRACK_LIBTRACK_RECORD_CELLS_H_
