// SPDX-License-Identifier: Apache-2.0
#include "libtrack/record/cells.h"

namespace leaktrack::track {
namespace {

using namespace capture;

uint64_t Mix(uint64_t key) {
  key *= 0x9e37'79b9'7f4a'7c15ULL;
  return key ^ (key >> 32);
}

}  // namespace

void Cells::Bind(const ImageView& image, MemoryFn memory) {
  image_ = image;
  memory_ = memory;
}

Cell* Cells::Find(SiteId site, uint8_t band) { return FindKey((uint64_t{site} << 8) | band); }

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
      if (slot.compare_exchange_strong(found, mine, std::memory_order_acq_rel, std::memory_order_acquire)) {
        return &cells[mine - 1];
      }
    }
    if (cells[found - 1].key.load(std::memory_order_relaxed) == key) {
      if (mine != 0) cells[mine - 1].key.store(0, std::memory_order_release);
      return &cells[found - 1];
    }
  }
  if (mine != 0) cells[mine - 1].key.store(0, std::memory_order_release);
  image_.Count(kLostCells);
  return nullptr;
}

// The number + 1 of a fresh cell with its key set and nothing in it; 0: no room.
uint32_t Cells::Append(uint64_t key) {
  std::atomic<uint32_t>& count = image_.header().cell_count;
  uint32_t number = count.load(std::memory_order_relaxed);
  do {
    if (number >= image_.entries(kRegionCells)) return 0;
    if (!image_.Ensure(kRegionCells, (uint64_t{number} + 1) * sizeof(Cell))) return 0;
  } while (!count.compare_exchange_weak(number, number + 1, std::memory_order_acq_rel));
  image_.region<Cell>(kRegionCells)[number].key.store(key, std::memory_order_release);
  return number + 1;
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
  if (shared != nullptr) Add(*shared, {1, bytes, bytes * bytes, 0});
  return shared != nullptr;
}

Cell* Cells::NewCounter(OwnCells& own) {
  const uint32_t number = HasRoomForOwn() ? Append(kCounterKey) : 0;
  if (number != 0) own.counter = &image_.region<Cell>(kRegionCells)[number - 1];
  return own.counter;
}

bool Cells::HasRoomForOwn() const {
  return image_.header().cell_count.load(std::memory_order_relaxed) * 2 < image_.entries(kRegionCells);
}

// Where the key is, or may be put: in the first of a few places that is its or nobody's. Null: all are taken.
OwnCells::Entry* Cells::PlaceFor(OwnCells& own, uint64_t key) {
  for (;;) {
    for (uint32_t probe = 0; probe < OwnCells::kProbes; ++probe) {
      OwnCells::Entry& entry = own.PlaceOf(key, probe);
      if (entry.key == key || entry.key == 0) return &entry;
    }
    if (!own.may_grow() || !HasRoomForOwn()) return nullptr;
    void* const larger = memory_ != nullptr ? memory_(own.BytesOfLarger()) : nullptr;
    own.refused = larger == nullptr;
    if (own.refused) return nullptr;
    own.MoveTo(static_cast<OwnCells::Entry*>(larger));
  }
}

// The thread's cell for `key`. Null: it is to share.
Cell* Cells::Claim(OwnCells& own, uint64_t key) {
  OwnCells::Entry* const place = PlaceFor(own, key);
  if (place == nullptr || place->key == key) return place != nullptr ? place->cell : nullptr;
  const Cell* const shared = HasRoomForOwn() ? FindKey(key) : nullptr;
  if (shared == nullptr) return nullptr;
  Cell* const cells = image_.region<Cell>(kRegionCells);
  const uint32_t number = Append((static_cast<uint64_t>(shared - cells + 1) << kOwnCellShift) | key);
  if (number == 0) return nullptr;
  OwnCells::Put(*place, key, &cells[number - 1]);
  return place->cell;
}

}  // namespace leaktrack::track
