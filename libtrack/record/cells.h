// SPDX-License-Identifier: Apache-2.0
//
// The monotonic sums of each (site, band), found or made without a lock.
//
// A cell is made complete (key set, sums zero) before the index names it. Two threads that make the same one: the
// loser wipes its key and leaves the cell unused. `samples` is raised last, so a reader that sees it sees the rest.
// Because sums only grow, an epoch is the difference of two looks, and a look may be taken at any instant.
//
// Cost: 4 compare-and-swaps and one locked add for a sampled block. Exact mode finds its cell in the thread's own cache
// and leaves out the variance, which is 0 there.
//
// Thread-safety: any thread, lock-free; the cache belongs to one thread that holds the guard.
// Allocates: never; asks for pages.   Signals: safe (without a cache).   Fork: the child binds anew.
#ifndef LEAKTRACK_LIBTRACK_RECORD_CELLS_H_
#define LEAKTRACK_LIBTRACK_RECORD_CELLS_H_

#include <cstdint>

#include "libtrack/capture/recorder_layout.h"
#include "libtrack/record/image.h"
#include "libtrack/record/numeric.h"
#include "libtrack/record/thread_state.h"

namespace leaktrack::track {

class Cells {
 public:
  static constexpr uint32_t kMaxProbes = 256;

  void Bind(const ImageView& image);

  // The cell of (site, band), made if need be. Null: no room, and counted as kLostCells.
  // `cache`: the calling thread's, or null.
  [[nodiscard]] capture::Cell* Find(capture::SiteId site, uint8_t band, CellCache* cache);

  static void Add(capture::Cell& cell, const Weight& weight, uint64_t samples = 1);

 private:
  capture::Cell* FindShared(uint64_t key);
  uint32_t Append(uint64_t key);

  ImageView image_;
};

}  // namespace leaktrack::track

#endif  // LEAKTRACK_LIBTRACK_RECORD_CELLS_H_
