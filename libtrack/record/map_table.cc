// SPDX-License-Identifier: Apache-2.0
#include "libtrack/record/map_table.h"

#include <algorithm>

#include "libtrack/capture/age_band.h"
#include "libtrack/capture/dcheck.h"
#include "libtrack/record/numeric.h"

namespace leaktrack::track {
namespace {

using namespace capture;

uint32_t Fold(uint64_t word) { return static_cast<uint32_t>(word ^ (word >> 32)); }

// Readers trust an entry only if `check` fits its fields. It does not fit while the fields change.
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
  last_added_ = 0;
  reserved_.AfterFork();
  lost_hold_.store(0, std::memory_order_relaxed);
}

// The lock word is odd while the lock is held, and it never repeats.
bool MapTable::Lock() {
  std::atomic<uint32_t>& lock = image_.header().map_lock;
  uint32_t word = lock.load(std::memory_order_relaxed);
  for (uint32_t spin = 0; spin < kLockSpins; ++spin) {
    if (word % 2 == 0) {
      if (lock.compare_exchange_weak(word, word + 1, std::memory_order_acquire)) return true;
      continue;
    }
    if (word == lost_hold_.load(std::memory_order_relaxed)) break;
    __builtin_ia32_pause();
    word = lock.load(std::memory_order_relaxed);
  }
  if (word % 2 != 0) lost_hold_.store(word, std::memory_order_relaxed);
  image_.Count(kLostMappings);
  return false;
}

void MapTable::Unlock() {
  LEAKTRACK_DCHECK(IsLocked());
  image_.header().map_lock.fetch_add(1, std::memory_order_release);
}

bool MapTable::Add(uintptr_t start, uint64_t length, SiteId site, uint64_t now_ms) {
  LEAKTRACK_DCHECK(start % kPageBytes == 0 && length != 0);
  if (!Lock()) return false;
  length = ToPages(length);
  RemoveLocked(start, length, now_ms, nullptr);
  const bool added = AddLocked(start, length, site, now_ms);
  if (added) CountBirth(site, length);
  Unlock();
  return added;
}

bool MapTable::Attach(uintptr_t start, uint64_t length, SiteId site, uint64_t now_ms) {
  if (!Add(start, length, site, now_ms) || !Lock()) return false;
  Attachment& place = attachments_[next_attachment_++ % kAttachments];
  if (place.end != 0) image_.Count(kLostMappings);
  place = {start, start + ToPages(length), now_ms, site};
  Unlock();
  return true;
}

bool MapTable::AddBytes(uintptr_t start, uint64_t length, SiteId site, uint64_t now_ms) {
  LEAKTRACK_DCHECK(length != 0);
  if (!Lock()) return false;
  RemoveLocked(start, length, now_ms, nullptr);
  const bool added = AppendLocked(start, length, site, now_ms);
  Unlock();
  return added;
}

bool MapTable::Reserve(uintptr_t start, uint64_t length, uint64_t now_ms) {
  LEAKTRACK_DCHECK(start % kPageBytes == 0 && length != 0);
  if (!Lock()) return false;
  const uint64_t whole = ToPages(length);
  RemoveLocked(start, whole, now_ms, nullptr);
  const bool reserved = reserved_.Add(start, start + whole);
  if (!reserved) image_.Count(kLostMappings);
  Unlock();
  return reserved;
}

bool MapTable::Open(uintptr_t start, uint64_t length, SiteId site, uint64_t now_ms) {
  if (!Lock()) return false;
  ReservedRanges::Range piece;
  bool whole = true, added = true;
  while (reserved_.TakeFirst(start, start + ToPages(length), &piece, &whole)) {
    added = AppendLocked(piece.low, piece.high - piece.low, site, now_ms) && added;
  }
  if (!whole) image_.Count(kLostMappings);
  Unlock();
  return added && whole;
}

MapTable::Kind MapTable::KindOf(uintptr_t address, uint64_t length) {
  if (empty() || !Lock()) return Kind::kUnknown;
  Kind kind = reserved_.Covers(address, address + std::max<uint64_t>(ToPages(length), 1))
                  ? Kind::kReserved
                  : Kind::kUnknown;
  const MapEntry* const entries = image_.region<MapEntry>(kRegionMaps);
  const uint32_t count = image_.header().map_count.load(std::memory_order_relaxed);
  for (uint32_t i = 0; i < count && kind == Kind::kUnknown; ++i) {
    if (address - entries[i].start < entries[i].length) kind = Kind::kMapping;
  }
  Unlock();
  return kind;
}

bool MapTable::Detach(uintptr_t start, uint64_t length, uint64_t now_ms,
                      DetachedMappings* detached) {
  if (empty()) return true;
  if (!Lock()) return false;
  RemoveLocked(start, ToPages(length), now_ms, detached);
  Unlock();
  return true;
}

// Searches the latest attachment first: an older one at the same address is gone.
MapTable::Attachment MapTable::TakeAttachment(uintptr_t start) {
  for (uint32_t back = 1; back <= kAttachments; ++back) {
    Attachment& place = attachments_[(next_attachment_ - back) % kAttachments];
    if (place.end == 0 || place.start != start) continue;
    const Attachment taken = place;
    place = {};
    return taken;
  }
  return {};
}

// Takes out the pieces that have the attachment's site and birth. A mapping that has replaced such
// a piece has others.
bool MapTable::DetachFrom(uintptr_t start, uint64_t now_ms, DetachedMappings* detached) {
  LEAKTRACK_DCHECK(detached != nullptr);
  if (empty()) return true;
  if (!Lock()) return false;
  MapEntry* const entries = image_.region<MapEntry>(kRegionMaps);
  const uint32_t count = image_.header().map_count.load(std::memory_order_relaxed);
  const Attachment whole = TakeAttachment(start);
  for (uint32_t i = 0; i < count && whole.end != 0; ++i) {
    MapEntry& entry = entries[i];
    if (entry.length == 0 || entry.start < start || entry.start >= whole.end) continue;
    if (entry.site != whole.site || entry.birth_ms != whole.birth_ms) continue;
    detached->bytes += entry.length;
    CutLocked(entry, entry.start, entry.start + entry.length, now_ms, detached);
    first_free_ = std::min(first_free_, i);
  }
  Unlock();
  return true;
}

void MapTable::Settle(const DetachedMappings& detached, uint64_t now_ms) {
  for (uint32_t i = 0; i < detached.count; ++i) {
    const DetachedMappings::Piece& piece = detached.pieces[i];
    CountDeath(piece.site, piece.length, now_ms - std::min(now_ms, piece.birth_ms));
  }
}

void MapTable::Reattach(const DetachedMappings& detached, uint64_t now_ms) {
  if (detached.empty()) return;
  if (!Lock()) return Settle(detached, now_ms);
  for (uint32_t i = 0; i < detached.count; ++i) {
    const DetachedMappings::Piece& piece = detached.pieces[i];
    if (AddLocked(piece.start, piece.length, piece.site, piece.birth_ms)) continue;
    CountDeath(piece.site, piece.length, now_ms - std::min(now_ms, piece.birth_ms));
  }
  for (uint32_t i = 0; i < detached.reserved_count; ++i) {
    if (!reserved_.Add(detached.reserved[i].low, detached.reserved[i].high)) {
      image_.Count(kLostMappings);
    }
  }
  Unlock();
}

void MapTable::RemoveReserved(uintptr_t start, uintptr_t end, DetachedMappings* detached) {
  ReservedRanges::Range piece;
  bool whole = true;
  while (reserved_.TakeFirst(start, end, &piece, &whole)) {
    if (detached == nullptr || detached->reserved_count == DetachedMappings::kPieces) continue;
    detached->reserved[detached->reserved_count++] = piece;
  }
  if (!whole) image_.Count(kLostMappings);
}

void MapTable::RemoveLocked(uintptr_t start, uint64_t length, uint64_t now_ms,
                            DetachedMappings* detached) {
  LEAKTRACK_DCHECK(IsLocked());
  MapEntry* const entries = image_.region<MapEntry>(kRegionMaps);
  const uint32_t count = image_.header().map_count.load(std::memory_order_relaxed);
  const uintptr_t end = start + length;
  if (!reserved_.empty()) RemoveReserved(start, end, detached);
  for (uint32_t i = 0; i < count; ++i) {
    MapEntry& entry = entries[i];
    if (entry.length == 0 || entry.start >= end || entry.start + entry.length <= start) continue;
    const uintptr_t low = std::max<uintptr_t>(entry.start, start);
    const uintptr_t high = std::min<uintptr_t>(entry.start + entry.length, end);
    if (detached != nullptr) detached->bytes += high - low;
    CutLocked(entry, low, high, now_ms, detached);
    if (entry.length == 0) first_free_ = std::min(first_free_, i);
  }
}

// Takes [low, high), which lies inside the entry, out of the entry.
void MapTable::CutLocked(MapEntry& entry, uintptr_t low, uintptr_t high, uint64_t now_ms,
                         DetachedMappings* detached) {
  const uintptr_t start = entry.start, end = entry.start + entry.length;
  const uint64_t birth_ms = entry.birth_ms, age_ms = now_ms - std::min(now_ms, birth_ms);
  const SiteId site = entry.site;
  if (low > start) CountBirth(site, 0);  // each cut adds one piece
  if (high < end) CountBirth(site, 0);
  if (detached != nullptr && detached->count < DetachedMappings::kPieces) {
    detached->pieces[detached->count++] = {low, high - low, birth_ms, site};
  } else {
    CountDeath(site, high - low, age_ms);
  }
  if (low > start) {
    Write(entry, start, low - start, birth_ms, site);
    if (high < end && !AddLocked(high, end - high, site, birth_ms))
      CountDeath(site, end - high, age_ms);
  } else {
    Write(entry, high, end - high, birth_ms, site);
  }
}

bool MapTable::AddLocked(uintptr_t start, uint64_t length, SiteId site, uint64_t birth_ms) {
  LEAKTRACK_DCHECK(IsLocked());
  MapEntry* const entries = image_.region<MapEntry>(kRegionMaps);
  std::atomic<uint32_t>& count = image_.header().map_count;
  const uint32_t used = count.load(std::memory_order_relaxed);
  uint32_t i = first_free_;
  while (i < used && entries[i].length != 0) ++i;
  if (i == used) {
    if (used >= image_.entries(kRegionMaps) ||
        !image_.Ensure(kRegionMaps, (uint64_t{used} + 1) * sizeof(MapEntry))) {
      image_.Count(kLostMappings);
      return false;
    }
  }
  Write(entries[i], start, length, birth_ms, site);
  if (i == used) count.store(used + 1, std::memory_order_release);
  first_free_ = i + 1;
  last_added_ = i;
  return true;
}

bool MapTable::JoinLocked(uintptr_t start, uint64_t length, SiteId site) {
  const uint32_t count = image_.header().map_count.load(std::memory_order_relaxed);
  if (count < image_.entries(kRegionMaps) / 2 || last_added_ >= count) return false;
  MapEntry& last = image_.region<MapEntry>(kRegionMaps)[last_added_];
  if (last.length == 0 || last.site != site || last.start + last.length != start) return false;
  Write(last, last.start, last.length + length, last.birth_ms, site);
  CountBirth(site, length);
  CountDeath(site, 0, 0);
  return true;
}

// Adds a range in which nothing is recorded.
bool MapTable::AppendLocked(uintptr_t start, uint64_t length, SiteId site, uint64_t now_ms) {
  if (JoinLocked(start, length, site)) return true;
  const bool added = AddLocked(start, length, site, now_ms);
  if (added) CountBirth(site, length);
  return added;
}

void MapTable::CountBirth(SiteId site, uint64_t bytes) {
  if (Cell* const cell = cells_->Find(site, kBandBirths)) Cells::Add(*cell, WeightOf(bytes, 1));
}

void MapTable::CountDeath(SiteId site, uint64_t bytes, uint64_t age_ms) {
  if (Cell* const cell = cells_->Find(site, AgeBand(age_ms))) Cells::Add(*cell, WeightOf(bytes, 1));
}

}  // namespace leaktrack::track
