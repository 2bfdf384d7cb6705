// SPDX-License-Identifier: Apache-2.0
#include "libtrack/record/cells.h"

#include <atomic>
#include <bit>

#include "libtrack/capture/dcheck.h"

namespace leaktrack::track {
namespace {

using namespace capture;

constexpr uint32_t kOwnRun = 8;
static_assert(kOwnRun * sizeof(Cell) % 128 == 0);

uint64_t Mix(uint64_t key) {
  key *= 0x9e37'79b9'7f4a'7c15ULL;
  return key ^ (key >> 32);
}

}  // namespace

void Cells::Bind(const ImageView& image, MemoryFn memory) {
  LEAKTRACK_DCHECK(std::has_single_bit(image.entries(kRegionCellIndex)));
  image_ = image;
  memory_ = memory;
}

Cell* Cells::Find(SiteId site, uint8_t band) {
  LEAKTRACK_DCHECK(site != 0);
  Cell* const cell = FindKey((uint64_t{site} << 8) | band);
  if (cell == nullptr) image_.Count(kLostCells);
  return cell;
}

Cell* Cells::FindKey(uint64_t key) {
  auto* const index = image_.region<std::atomic<uint32_t>>(kRegionCellIndex);
  Cell* const cells = image_.region<Cell>(kRegionCells);
  const uint64_t mask = image_.entries(kRegionCellIndex) - 1;
  const uint64_t hash = Mix(key);
  uint32_t mine = 0;
  for (uint32_t probe = 0; probe < kMaxProbes; ++probe) {
    std::atomic<uint32_t>& slot = index[(hash + probe) & mask];
    uint32_t found = slot.load(std::memory_order_acquire);
    if (found == 0) {
      if (mine == 0) mine = Append(key);
      if (mine == 0) break;
      if (slot.compare_exchange_strong(found, mine, std::memory_order_acq_rel,
                                       std::memory_order_acquire)) {
        return &cells[mine - 1];
      }
    }
    if (cells[found - 1].key.load(std::memory_order_relaxed) == key) {
      if (mine != 0) cells[mine - 1].key.store(0, std::memory_order_release);
      return &cells[found - 1];
    }
  }
  if (mine != 0) cells[mine - 1].key.store(0, std::memory_order_release);
  return nullptr;
}

// Reserves fresh cells without keys: [*first, returned end). 0: no room. A run for one thread ends
// at the end of a pair of cache lines, and so does every such run. Two threads that count in one
// line slow each other down to a third.
uint32_t Cells::Reserve(uint32_t* first, bool of_one_thread) {
  std::atomic<uint32_t>& count = image_.header().cell_count;
  uint32_t from = count.load(std::memory_order_relaxed), to;
  do {
    to = of_one_thread ? (from + 2 * kOwnRun - 1) / kOwnRun * kOwnRun : from + 1;
    if (to > image_.entries(kRegionCells) ||
        !image_.Ensure(kRegionCells, uint64_t{to} * sizeof(Cell)))
      return 0;
  } while (!count.compare_exchange_weak(from, to, std::memory_order_acq_rel));
  *first = from;
  return to;
}

Cell* Cells::Publish(uint32_t number, uint64_t key) {
  Cell& cell = image_.region<Cell>(kRegionCells)[number];
  cell.key.store(key, std::memory_order_release);
  return &cell;
}

// Returns the number + 1 of a fresh cell that has its key and zero sums. 0: no room.
uint32_t Cells::Append(uint64_t key) {
  uint32_t number;
  const uint32_t end = Reserve(&number, false);
  if (end != 0) Publish(number, key);
  return end;
}

// Null: no room.
Cell* Cells::AppendOwn(OwnCells& own, uint64_t key) {
  if (!HasRoomFor(own)) return nullptr;
  if (own.next_number >= own.end_number) {
    uint32_t first;
    const uint32_t end = Reserve(&first, true);
    if (end == 0) return nullptr;
    // A handler that jumps away now leaves a run whose end is an earlier run's: an empty run.
    own.next_number = first;
    std::atomic_signal_fence(std::memory_order_seq_cst);
    own.end_number = end;
  }
  const uint32_t number = own.next_number++;
  // No number is given out twice.
  std::atomic_signal_fence(std::memory_order_seq_cst);
  return Publish(number, key);
}

void Cells::Add(Cell& cell, const Weight& weight, uint64_t samples) {
  cell.objects.fetch_add(weight.objects, std::memory_order_relaxed);
  cell.bytes.fetch_add(weight.bytes, std::memory_order_relaxed);
  cell.bytes_squared.fetch_add(weight.bytes_squared, std::memory_order_relaxed);
  if (weight.variance != 0.0) cell.variance.fetch_add(weight.variance, std::memory_order_relaxed);
  cell.samples.fetch_add(samples, std::memory_order_release);
}

// ---- Cells of one thread ----

bool Cells::AddExactAnew(OwnCells& own, uint64_t key, double bytes) {
  Cell* const cell = Claim(own, key);
  if (cell == nullptr) return AddExactShared(key, bytes);
  AddAlone(*cell, bytes);
  return true;
}

bool Cells::AddExactShared(uint64_t key, double bytes) {
  Cell* const shared = FindKey(key);
  if (shared == nullptr) {
    image_.Count(kLostCells);
    return false;
  }
  Add(*shared, {1, bytes, bytes * bytes, 0});
  return true;
}

Cell* Cells::NewCounter(OwnCells& own) {
  own.counter = AppendOwn(own, kCounterKey);
  return own.counter;
}

bool Cells::HasRoomFor(const OwnCells& own) const {
  return own.next_number < own.end_number ||
         image_.header().cell_count.load(std::memory_order_relaxed) * 2 <
             image_.entries(kRegionCells);
}

// The first of a few slots that holds the key or is free. Null: all are taken.
OwnCells::Entry* Cells::PlaceFor(OwnCells& own, uint64_t key) {
  for (;;) {
    for (uint32_t probe = 0; probe < OwnCells::kProbes; ++probe) {
      OwnCells::Entry& entry = own.PlaceOf(key, probe);
      if (entry.key == key || entry.key == 0) return &entry;
    }
    if (!own.may_grow() || !HasRoomFor(own)) return nullptr;
    void* const larger = memory_ != nullptr ? memory_(own.BytesOfLarger()) : nullptr;
    own.refused = larger == nullptr;
    if (own.refused) return nullptr;
    own.MoveTo(static_cast<OwnCells::Entry*>(larger));
  }
}

// The thread's own cell for `key`. Null: the thread must use the shared cell.
Cell* Cells::Claim(OwnCells& own, uint64_t key) {
  OwnCells::Entry* const place = PlaceFor(own, key);
  if (place == nullptr || place->key == key) return place != nullptr ? place->cell : nullptr;
  const Cell* const shared = HasRoomFor(own) ? FindKey(key) : nullptr;
  if (shared == nullptr) return nullptr;
  const auto number = static_cast<uint64_t>(shared - image_.region<Cell>(kRegionCells)) + 1;
  Cell* const cell = AppendOwn(own, (number << kOwnCellShift) | key);
  if (cell != nullptr) OwnCells::Put(*place, key, cell);
  return cell;
}

}  // namespace leaktrack::track
