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

void Cells::Bind(const ImageView& image) { image_ = image; }

Cell* Cells::Find(SiteId site, uint8_t band, CellCache* cache) {
  const uint64_t key = (uint64_t{site} << 8) | band;
  if (cache == nullptr) return FindShared(key);
  CellCache::Entry& entry = cache->entries[Mix(key) % CellCache::kEntries];
  if (entry.key == key) return entry.cell;
  Cell* const cell = FindShared(key);
  if (cell != nullptr) entry = {key, cell};
  return cell;
}

Cell* Cells::FindShared(uint64_t key) {
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

}  // namespace leaktrack::track
