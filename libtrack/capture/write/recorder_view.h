// SPDX-License-Identifier: Apache-2.0
//
// A recorder image, checked once, then read through functions that cannot read outside it.
//
// It offers regions with verified bounds, and copies of single entries with the memory ordering
// that the layout asks for.
// Why writer and decoder share it: both must believe the same of an image.
// Promises: hostile images are legal input if the bytes [base, base + bytes) may be read.
// Capacities are clipped to committed pages and to `bytes`.
//
// Thread-safety: as the image.
// Allocates: never.
// Signals: safe.
// Fork: safe.
#ifndef LEAKTRACK_LIBTRACK_CAPTURE_WRITE_RECORDER_VIEW_H_
#define LEAKTRACK_LIBTRACK_CAPTURE_WRITE_RECORDER_VIEW_H_

#include <cstddef>
#include <cstdint>

#include "libtrack/capture/format.h"
#include "libtrack/capture/recorder_layout.h"

namespace leaktrack::capture {

struct CellCopy {
  uint64_t key, samples;
  double objects, bytes, bytes_squared, variance;
};

// What threads have added to cells of their own, indexed by the shared cell.
struct CellOwnSums {
  uint64_t samples;
  double objects, bytes, bytes_squared;  // no variance: nothing of it was sampled
};

// An entry of the live table or of the mappings. Site 0: empty.
struct LiveCopy {
  uint64_t slot;  // see kSlotSegmentShift
  uint64_t address, size, interval_bytes, birth_ms, first_birth_ms;
  uint32_t site, chain;
};

struct KeptCopy {
  uint64_t position;
  uint64_t size, interval_bytes, birth_ms, death_ms;
  uint32_t site, chain;
};

struct StackCopy {
  SiteId site;
  uint8_t kind, flags;
  uint32_t frame_count;
  const Frame* frames;  // inside the image
};

// One segment of the live table.
struct LiveSlots {
  const LiveBucket* buckets = nullptr;
  uint64_t count = 0;            // 0: not in use
  uint64_t first_slot = 0;       // slot number of index 0
  uint64_t first_in_region = 0;  // the same, counted without gaps from the start of the region
};

enum class WalkStep : uint8_t { kStack, kNotReady, kEnd };

// The counters that threads may keep shares of, summed up.
struct SharedCounters {
  uint64_t samples = 0, live = 0;
};

inline void Add(const CellOwnSums& own, CellCopy* cell) {
  cell->samples += own.samples;
  cell->objects += own.objects;
  cell->bytes += own.bytes;
  cell->bytes_squared += own.bytes_squared;
}

class RecorderView {
 public:
  // False: not a recorder of this version, or too short. Regions that do not fit become empty.
  [[nodiscard]] bool Open(RecorderHeader* image, uint64_t bytes);

  RecorderHeader* header() const { return image_; }
  // Regions that do not fit and are taken as empty.
  uint32_t bad_regions() const { return bad_regions_; }

  // `*cursor` is an arena offset, at first kDepotFirstOffset. It moves past the record that was
  // returned.
  WalkStep NextStack(uint64_t* cursor, StackCopy* out) const;

  uint32_t cell_count() const;
  // False for a cell that is not published, and for a thread's own cell.
  bool CopyCell(uint32_t number, CellCopy* out) const;
  // Sums all own cells into `sums[0, count)`, which it zeroes first. False: there are none, and
  // `sums` is not touched.
  bool SumOwnCells(CellOwnSums* sums, uint32_t count, SharedCounters* counters) const;

  uint32_t module_count() const;  // modules 1..count
  const ModuleEntry* Module(uint32_t number) const;

  LiveSlots Slots(uint32_t segment) const;
  // False if the slot is empty, or keeps changing.
  bool CopyLive(const LiveSlots& slots, uint64_t index, LiveCopy* out) const;

  uint32_t map_count() const;
  bool CopyMap(uint32_t index, LiveCopy* out) const;

  uint32_t thread_count() const;
  ThreadBlock* Thread(uint32_t index) const;
  // False if that position is not in the ring, or not any more, or not yet.
  bool CopyKept(const ThreadBlock& block, uint64_t position, KeptCopy* out) const;

  uint64_t IntervalBytes(uint32_t index) const;  // 0: no such interval

 private:
  const Cell& CellAt(uint32_t number) const;
  uint64_t Usable(RegionId id) const;  // bytes that may be touched
  char* At(RegionId id, uint64_t offset) const {
    return reinterpret_cast<char*>(image_) + offset_[id] + offset;
  }

  RecorderHeader* image_ = nullptr;
  uint32_t bad_regions_ = 0;
  uint64_t offset_[kRegionCount] = {};
  uint64_t room_[kRegionCount] = {};
};

}  // namespace leaktrack::capture

#endif  // LEAKTRACK_LIBTRACK_CAPTURE_WRITE_RECORDER_VIEW_H_
