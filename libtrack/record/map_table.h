// SPDX-License-Identifier: Apache-2.0
//
// The anonymous mappings that the program itself made: exact, by address range.
//
// Mappings are few and large, so nothing is sampled: a small unordered table under a bounded lock. munmap may cut a
// mapping at either end or in the middle, and MAP_FIXED may replace any part of any: all are told here as "this range
// is gone" followed by "this range is there".
//
// Accounts: births and deaths go to the cells of the site with weight {1, bytes}. A cut first counts the additional
// piece as a birth of 0 bytes, then the piece that goes as a death: live entries, objects and bytes always agree.
//
// The lock is tried kLockSpins times, then the call is given up and counted (kLostMappings): a signal handler may have
// interrupted its holder. A removal lost this way heals when the address is mapped again.
//
// Thread-safety: any thread.   Allocates: never.   Signals: safe (bounded).   Fork: the child binds anew.
#ifndef LEAKTRACK_LIBTRACK_RECORD_MAP_TABLE_H_
#define LEAKTRACK_LIBTRACK_RECORD_MAP_TABLE_H_

#include <cstdint>

#include "libtrack/capture/recorder_layout.h"
#include "libtrack/record/cells.h"
#include "libtrack/record/image.h"

namespace leaktrack::track {

class MapTable {
 public:
  static constexpr uint32_t kLockSpins = 20'000;

  void Bind(const ImageView& image, Cells* cells);

  // After a successful mmap. What was recorded in the range before is gone (MAP_FIXED). Lengths are rounded up to pages.
  bool Add(uintptr_t start, uint64_t length, capture::SiteId site, uint64_t now_ms);

  // munmap, or a mapping of another kind over the range. Call before the real munmap, as another thread may get the
  // range the moment it is free; if the real call then fails, Add() cannot restore the birth: pass only valid calls.
  bool Remove(uintptr_t start, uint64_t length, uint64_t now_ms);

  // After a successful mremap: [from, from + old_length) became [to, to + new_length). A range that was not recorded
  // stays unrecorded. The block at the new place is born now, at `site`.
  bool Move(uintptr_t from, uint64_t old_length, uintptr_t to, uint64_t new_length, capture::SiteId site,
            uint64_t now_ms);

 private:
  bool Lock();
  void Unlock();
  uint64_t RemoveLocked(uintptr_t start, uint64_t length, uint64_t now_ms);
  bool AddLocked(uintptr_t start, uint64_t length, capture::SiteId site, uint64_t birth_ms);
  void CutLocked(capture::MapEntry& entry, uintptr_t start, uintptr_t end, uint64_t now_ms);
  void CountBirth(capture::SiteId site, uint64_t bytes);
  void CountDeath(capture::SiteId site, uint64_t bytes, uint64_t age_ms);

  ImageView image_;
  Cells* cells_ = nullptr;
  uint32_t first_free_ = 0;  // no entry below it is empty (under the lock)
};

}  // namespace leaktrack::track

#endif  // LEAKTRACK_LIBTRACK_RECORD_MAP_TABLE_H_
