// SPDX-License-Identifier: Apache-2.0
//
// The monotonic sums of each (site, band), found or created without a lock.
//
// A cell is complete (key set, sums zero) before the index publishes it. If two threads create the
// same cell, the loser clears the key of its copy and leaves that cell unused. `samples` is raised
// last, so a reader that sees the new count sees the other sums too. The sums only grow. An epoch
// is therefore the difference of two readings, and a reading may be taken at any instant.
//
// Cost: four compare-and-swaps and one locked add per sampled block. Exact mode would pay that on
// every call, and its threads would contend for the same cache lines. In exact mode each thread
// therefore has cells of its own (OwnCells), which it raises by plain stores; readers add them up.
// Own cells pass with the ThreadState to the next thread that gets it. They are reserved in runs of
// 8 to 15, and a run may begin only in the first half of all cells. A thread that starts late, or
// finds its slots taken, uses the shared cell. A slot is never given to another key, because the
// sums lie in the cell and only the slot says which thread's cell it is.
//
// Thread-safety: any thread, lock-free; OwnCells belong to one thread that holds the guard.
// Allocates: never; asks for pages.
// Signals: safe (without OwnCells).
// Fork: the child binds anew.
#ifndef LEAKTRACK_LIBTRACK_RECORD_CELLS_H_
#define LEAKTRACK_LIBTRACK_RECORD_CELLS_H_

#include <atomic>
#include <cstddef>
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

  // Returns zero-filled memory for a larger table of one thread's own cells. The memory is never
  // given back. Null: there is none.
  using MemoryFn = void* (*)(size_t bytes);

  void Bind(const ImageView& image, MemoryFn memory);

  // Returns the cell of (site, band) and creates it if needed. Null: no room, counted as
  // kLostCells.
  [[nodiscard]] capture::Cell* Find(capture::SiteId site, uint8_t band);
  static void Add(capture::Cell& cell, const Weight& weight, uint64_t samples = 1);

  // Adds one block of exact mode. `own` is the calling thread's cells if it holds the guard, else
  // null. False: no room, counted as kLostCells.
  bool AddExact(OwnCells* own, capture::SiteId site, uint8_t band, uint64_t size) {
    const uint64_t key = (uint64_t{site} << 8) | band;
    // A signed conversion is one instruction, an unsigned one is several.
    const auto bytes = static_cast<double>(static_cast<int64_t>(size));
    if (own == nullptr) return AddExactShared(key, bytes);
    LEAKTRACK_DCHECK(own->entries != nullptr);
    const OwnCells::Entry& entry = own->entries[own->HomeOf(key)];
    if (entry.key != key) [[unlikely]]
      return AddExactAnew(*own, key, bytes);
    AddAlone(*entry.cell, bytes);
    return true;
  }

  // Returns the thread's share of samples_total and live_count, and creates it if needed. Null: no
  // room, so the caller counts in the header.
  capture::Cell* Counter(OwnCells& own) {
    return own.counter != nullptr ? own.counter : NewCounter(own);
  }
  // Adds live blocks to the counter. Returns what the caller must add to the header's live_count
  // now; this is mostly 0.
  static int64_t CountOwn(capture::Cell& counter, int64_t live, int64_t at_once) {
    LEAKTRACK_DCHECK(at_once > 0 && at_once <= capture::kCounterMost);
    const int64_t sum =
        capture::CounterLive(counter.objects.load(std::memory_order_relaxed)) + live;
    const bool enough =
        static_cast<uint64_t>(sum + at_once - 1) > static_cast<uint64_t>(2 * at_once - 2);
    counter.objects.store(capture::CounterWord(enough ? 0 : sum), std::memory_order_relaxed);
    return enough ? sum : 0;
  }
  // Raises the count of a single writer in one instruction, after all stores that precede it.
  static void RaiseAlone(std::atomic<uint64_t>& count) {
    std::atomic_signal_fence(std::memory_order_release);
    __asm__("addq $1, %0" : "+m"(count));
  }

 private:
  // For a single writer: no other thread's addition can come in between. Assembly, because GCC
  // moves an atomic double through an integer register, both ways.
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
