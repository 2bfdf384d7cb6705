// SPDX-License-Identifier: Apache-2.0
#include "libtrack/record/map_table.h"

#include <algorithm>

#include "libtrack/capture/age_band.h"
#include "libtrack/record/numeric.h"

namespace leaktrack::track {
namespace {

using namespace capture;

constexpr uint64_t kPage = 4096;

uint64_t ToPages(uint64_t length) { return (length + kPage - 1) & ~(kPage - 1); }

uint32_t Fold(uint64_t word) { return static_cast<uint32_t>(word ^ (word >> 32)); }

// Readers trust an entry only while `check` fits: it is wrong while the fields change.
void Write(MapEntry& entry, uint64_t start, uint64_t length, uint64_t birth_ms, SiteId site) {
  const uint32_t check = Fold(start) ^ Fold(length) ^ Fold(birth_ms) ^ site;
  entry.check = ~check;
  std::atomic_thread_fence(std::memory_order_release);
  entry.start = start;
  entry.length = length;
  entry.birth_ms = birth_ms;
  entry.site = site;
  std::atomic_thread_fence(std::memory_order_release);
  entry.check = check;
}

}  // namespace

void MapTable::Bind(const ImageView& image, Cells* cells) {
  image_ = image;
  cells_ = cells;
  first_free_ = 0;
}

bool MapTable::Lock() {
  std::atomic<uint32_t>& lock = image_.header().map_lock;
  for (uint32_t spin = 0; spin < kLockSpins; ++spin) {
    uint32_t open = 0;
    if (lock.load(std::memory_order_relaxed) == 0 && lock.compare_exchange_weak(open, 1, std::memory_order_acquire)) {
      return true;
    }
    __builtin_ia32_pause();
  }
  image_.Count(kLostMappings);
  return false;
}

void MapTable::Unlock() { image_.header().map_lock.store(0, std::memory_order_release); }

bool MapTable::Add(uintptr_t start, uint64_t length, SiteId site, uint64_t now_ms) {
  if (!Lock()) return false;
  length = ToPages(length);
  RemoveLocked(start, length, now_ms);
  const bool added = AddLocked(start, length, site, now_ms);
  if (added) CountBirth(site, length);
  Unlock();
  return added;
}

bool MapTable::Remove(uintptr_t start, uint64_t length, uint64_t now_ms) {
  if (image_.header().map_count.load(std::memory_order_relaxed) == 0) return true;
  if (!Lock()) return false;
  RemoveLocked(start, ToPages(length), now_ms);
  Unlock();
  return true;
}

bool MapTable::Move(uintptr_t from, uint64_t old_length, uintptr_t to, uint64_t new_length, SiteId site,
                    uint64_t now_ms) {
  if (!Lock()) return false;
  const bool recorded = RemoveLocked(from, ToPages(old_length), now_ms) != 0;
  RemoveLocked(to, ToPages(new_length), now_ms);  // MREMAP_FIXED replaces what was there
  bool moved = !recorded;
  if (recorded && AddLocked(to, ToPages(new_length), site, now_ms)) {
    CountBirth(site, ToPages(new_length));
    moved = true;
  }
  Unlock();
  return moved;
}

uint64_t MapTable::RemoveLocked(uintptr_t start, uint64_t length, uint64_t now_ms) {
  MapEntry* const entries = image_.region<MapEntry>(kRegionMaps);
  const uint32_t count = image_.header().map_count.load(std::memory_order_relaxed);
  const uintptr_t end = start + length;
  uint64_t removed = 0;
  for (uint32_t i = 0; i < count; ++i) {
    MapEntry& entry = entries[i];
    if (entry.length == 0 || entry.start >= end || entry.start + entry.length <= start) continue;
    const uintptr_t low = std::max<uintptr_t>(entry.start, start);
    const uintptr_t high = std::min<uintptr_t>(entry.start + entry.length, end);
    removed += high - low;
    CutLocked(entry, low, high, now_ms);
    if (entry.length == 0) first_free_ = std::min(first_free_, i);
  }
  return removed;
}

// Takes [low, high), which lies inside the entry, out of it.
void MapTable::CutLocked(MapEntry& entry, uintptr_t low, uintptr_t high, uint64_t now_ms) {
  const uintptr_t start = entry.start, end = entry.start + entry.length;
  const uint64_t birth_ms = entry.birth_ms, age_ms = now_ms - std::min(now_ms, birth_ms);
  const SiteId site = entry.site;
  if (low > start) CountBirth(site, 0);  // each cut makes one piece more
  if (high < end) CountBirth(site, 0);
  CountDeath(site, high - low, age_ms);
  if (low > start) {
    Write(entry, start, low - start, birth_ms, site);
    if (high < end && !AddLocked(high, end - high, site, birth_ms)) CountDeath(site, end - high, age_ms);
  } else {
    Write(entry, high, end - high, birth_ms, site);
  }
}

bool MapTable::AddLocked(uintptr_t start, uint64_t length, SiteId site, uint64_t birth_ms) {
  MapEntry* const entries = image_.region<MapEntry>(kRegionMaps);
  std::atomic<uint32_t>& count = image_.header().map_count;
  const uint32_t used = count.load(std::memory_order_relaxed);
  uint32_t i = first_free_;
  while (i < used && entries[i].length != 0) ++i;
  if (i == used) {
    if (used >= image_.entries(kRegionMaps) || !image_.Ensure(kRegionMaps, (uint64_t{used} + 1) * sizeof(MapEntry))) {
      image_.Count(kLostMappings);
      return false;
    }
  }
  Write(entries[i], start, length, birth_ms, site);
  if (i == used) count.store(used + 1, std::memory_order_release);
  first_free_ = i + 1;
  return true;
}

void MapTable::CountBirth(SiteId site, uint64_t bytes) {
  if (Cell* const cell = cells_->Find(site, kBandBirths, nullptr)) Cells::Add(*cell, WeightOf(bytes, 1));
}

void MapTable::CountDeath(SiteId site, uint64_t bytes, uint64_t age_ms) {
  if (Cell* const cell = cells_->Find(site, AgeBand(age_ms), nullptr)) Cells::Add(*cell, WeightOf(bytes, 1));
}

}  // namespace leaktrack::track
