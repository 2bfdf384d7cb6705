// SPDX-License-Identifier: Apache-2.0
//
// The mappings that the program itself made and that take memory, exact and by address range.
//
// Mappings are few and large, so nothing is sampled. They live in a small unordered table under a
// bounded lock. munmap may cut a mapping at either end or in the middle, and MAP_FIXED may replace
// any part of any mapping. The table is told of all these as "this range is gone" followed by "this
// range is there".
//
// Reserved address space (reserved_ranges.h) belongs to no site. When a caller opens a part of it,
// that part becomes a mapping of this caller. When the part is closed again, it stays a mapping:
// closing gives no page back, and opening it a second time takes no new pages. It ends when it is
// unmapped or replaced by a reservation.
//
// Accounts: births and deaths go to the cells of the site with weight {1, bytes}. A cut first
// counts the additional piece as a birth of 0 bytes, then the removed piece as a death. So live
// entries, objects and bytes always agree.
//
// A range that a call is about to unmap is detached first, because another thread may get the range
// the moment it is free. When the call has succeeded the range is settled, and when it has failed
// the range is put back. A munmap or mremap that fails therefore loses nothing.
//
// The lock is tried kLockSpins times. Then the call is given up and counted (kLostMappings). A
// removal that is lost this way is repaired when the address is mapped again. Callers block signals
// while they are in here, so that no handler can jump away from a held lock. Where a seccomp filter
// forbids blocking signals, a lock whose holder is gone is at least recognised: the lock word
// changes with every hold, and a thread that meets the word on which another has timed out gives up
// at once.
//
// Thread-safety: any thread.
// Allocates: never.
// Signals: safe (bounded).
// Fork: the child binds anew.
#ifndef LEAKTRACK_LIBTRACK_RECORD_MAP_TABLE_H_
#define LEAKTRACK_LIBTRACK_RECORD_MAP_TABLE_H_

#include <atomic>
#include <cstdint>

#include "libtrack/capture/recorder_layout.h"
#include "libtrack/record/cells.h"
#include "libtrack/record/image.h"
#include "libtrack/record/reserved_ranges.h"

namespace leaktrack::track {

// Pieces of mappings that were taken out of the table and are not dead yet. Pieces beyond kPieces
// are counted as dead at once.
struct DetachedMappings {
  static constexpr uint32_t kPieces = 6;
  struct Piece {
    uintptr_t start;
    uint64_t length, birth_ms;
    capture::SiteId site;
  };
  uint64_t bytes = 0;  // of all pieces
  uint32_t count = 0, reserved_count = 0;
  Piece pieces[kPieces];
  ReservedRanges::Range reserved[kPieces];  // ranges beyond kPieces are no longer reserved
  bool empty() const { return count == 0 && reserved_count == 0; }
};

class MapTable {
 public:
  static constexpr uint32_t kLockSpins = 20'000;

  void Bind(const ImageView& image, Cells* cells);

  // After a successful mmap. Removes what was recorded in the range before (MAP_FIXED). Lengths are
  // rounded up to pages.
  bool Add(uintptr_t start, uint64_t length, capture::SiteId site, uint64_t now_ms);

  // After the program break has moved. Like Add, but lengths are exact to the byte. Once the table
  // is half full, a piece that begins where the last piece of its site ends is merged with it: a
  // birth of its bytes, then a death of 0 bytes, because there is one piece less.
  bool AddBytes(uintptr_t start, uint64_t length, capture::SiteId site, uint64_t now_ms);

  // After shmat. Like Add, and DetachFrom() will know the attachment's length.
  bool Attach(uintptr_t start, uint64_t length, capture::SiteId site, uint64_t now_ms);

  // After a successful mmap of memory that cannot be written. Removes what was recorded in the
  // range before.
  bool Reserve(uintptr_t start, uint64_t length, uint64_t now_ms);

  // After the range has become writable: the parts that were reserved belong to the site from now
  // on. Ask MayOpen() first; it takes no lock.
  bool MayOpen(uintptr_t start, uint64_t length) const {
    return reserved_.MayOverlap(start, start + ToPages(length));
  }
  bool Open(uintptr_t start, uint64_t length, capture::SiteId site, uint64_t now_ms);

  // What lies at the address.
  enum class Kind : uint8_t { kUnknown, kMapping, kReserved };
  Kind KindOf(uintptr_t address, uint64_t length);

  // A mapping of another kind has replaced the range.
  bool Remove(uintptr_t start, uint64_t length, uint64_t now_ms) {
    return Detach(start, length, now_ms, nullptr);
  }

  // Before munmap or mremap: takes the range out of the table. Call Settle() or Reattach() after
  // it.
  bool Detach(uintptr_t start, uint64_t length, uint64_t now_ms, DetachedMappings* detached);
  // Before shmdt: takes out all that is left of the attachment that begins at `start`, however it
  // was cut.
  bool DetachFrom(uintptr_t start, uint64_t now_ms, DetachedMappings* detached);
  void Settle(const DetachedMappings& detached, uint64_t now_ms);    // the range is gone
  void Reattach(const DetachedMappings& detached, uint64_t now_ms);  // the range is still there

  bool empty() const {
    return image_.header().map_count.load(std::memory_order_relaxed) == 0 && reserved_.empty();
  }

 private:
  static constexpr uint64_t kPageBytes = 4096;
  static constexpr uint32_t kAttachments = 256;  // at one time
  struct Attachment {
    uintptr_t start, end;  // end 0: none
    uint64_t birth_ms;
    capture::SiteId site;
  };
  static uint64_t ToPages(uint64_t length) { return (length + kPageBytes - 1) & ~(kPageBytes - 1); }

  bool Lock();
  void Unlock();
  bool IsLocked() const {
    return image_.header().map_lock.load(std::memory_order_relaxed) % 2 != 0;
  }
  void RemoveLocked(uintptr_t start, uint64_t length, uint64_t now_ms, DetachedMappings* detached);
  void RemoveReserved(uintptr_t start, uintptr_t end, DetachedMappings* detached);
  bool AddLocked(uintptr_t start, uint64_t length, capture::SiteId site, uint64_t birth_ms);
  bool AppendLocked(uintptr_t start, uint64_t length, capture::SiteId site, uint64_t now_ms);
  Attachment TakeAttachment(uintptr_t start);
  bool JoinLocked(uintptr_t start, uint64_t length, capture::SiteId site);
  void CutLocked(capture::MapEntry& entry, uintptr_t start, uintptr_t end, uint64_t now_ms,
                 DetachedMappings* detached);
  void CountBirth(capture::SiteId site, uint64_t bytes);
  void CountDeath(capture::SiteId site, uint64_t bytes, uint64_t age_ms);

  ImageView image_;
  Cells* cells_ = nullptr;
  uint32_t first_free_ = 0;  // no entry below it is empty (under the lock)
  uint32_t last_added_ = 0;  // the entry that was written last (under the lock)
  uint32_t next_attachment_ = 0;
  Attachment attachments_[kAttachments] = {};
  ReservedRanges reserved_;
  // The lock word on which a thread has last timed out.
  std::atomic<uint32_t> lost_hold_;
};

}  // namespace leaktrack::track

#endif  // LEAKTRACK_LIBTRACK_RECORD_MAP_TABLE_H_
