// SPDX-License-Identifier: Apache-2.0
//
// The sampled blocks that are alive: address -> {site, size, interval, birth, chain}.
//
// The table has two-choice buckets, with keys in one cache line and details in the next. A key
// lives in one of eight slots of a segment. A look-up therefore reads two lines, and a third if it
// finds the key. There are no tombstones: linear probing with tombstones decays to 3 us per miss,
// and this table answers in 12 ns. The table grows by whole segments and never moves an entry, so
// an entry keeps its slot for life. Segment 1 is a small stash for entries that find all their
// buckets full.
//
// Promises. A thread that dies or is interrupted between any two instructions leaves at most one
// slot busy. If several threads remove one address, exactly one wins. A reader of a dead image
// finds every entry whole (live_bucket.h). Relabelling (thinning) exchanges `size_interval` while
// the key stays, so a free at the same moment never misses.
//
// Growth does not wait either. The place and the size of the next segment follow from the segments
// before it. Any thread that finds no room adds the segment, and several that add it at once write
// the same words. (With a growth lock, a thread that was interrupted while it held the lock once
// cost exact mode thousands of blocks.)
//
// Thread-safety: any thread, lock-free.
// Allocates: never; asks for pages when growing.
// Signals: safe.
// Fork: the child binds anew.
#ifndef LEAKTRACK_LIBTRACK_RECORD_LIVE_TABLE_H_
#define LEAKTRACK_LIBTRACK_RECORD_LIVE_TABLE_H_

#include <atomic>
#include <cstdint>

#include "libtrack/capture/dcheck.h"
#include "libtrack/capture/recorder_layout.h"
#include "libtrack/record/image.h"
#include "libtrack/record/live_bucket.h"

namespace leaktrack::track {

// Size of the stash. If entries are never moved, about 1.4 % of them find no room in two buckets of
// four slots at three quarters load (simulated).
inline constexpr uint64_t StashBuckets(uint64_t first_segment_buckets) {
  return first_segment_buckets < 512 ? 64 : first_segment_buckets / 8;
}

class LiveTable {
 public:
  // `may_grow`: add segments when the table is three quarters full (exact mode).
  void Bind(const ImageView& image, bool may_grow);

  enum class Inserted : uint8_t { kYes, kKnown, kNoRoom };

  // Insert and Take do not count; Count() does. kKnown: the address is in the table already, and
  // its entry stays unchanged.
  [[nodiscard]] Inserted Insert(uintptr_t block, const LiveEntry& entry);

  // Removes the entry of `block`. False: it is not there, or another thread was faster.
  [[nodiscard]] bool Take(uintptr_t block, LiveEntry* entry);

  // Counts entries that came, or went (negative). Counts may arrive late and in sums: live() misses
  // up to kCountAtOnce entries of each thread.
  static constexpr int64_t kCountAtOnce = capture::kCounterMost;
  void Count(int64_t change);
  // The live entries that have been counted. Can be negative for a while: a handler's frees are
  // counted at once, while the births that another thread keeps in its own counter are not.
  int64_t live() const { return image_.header().live_count.load(std::memory_order_relaxed); }
  // True if `entries` would fill three quarters of the slots outside the stash.
  bool IsNearlyFull(int64_t entries) const {
    return entries * 4 >= static_cast<int64_t>(capacity()) * 3;
  }
  // Slots outside the stash. Each segment after the stash holds as many as all before it.
  uint64_t capacity() const {
    const uint32_t segments = segment_count_.load(std::memory_order_relaxed);
    return segments == 0 ? 0
                         : 4 * image_.header().live_segments[0].bucket_count
                               << (segments > 2 ? segments - 2 : 0);
  }

  // Calls visit(Slot) for the entries of `count` buckets, starting at `first`; buckets are numbered
  // through all segments. Returns false if there are no such buckets. Other threads may change the
  // table meanwhile.
  struct Slot {
    capture::LiveHot* hot;
    capture::LiveCold* cold;
    uintptr_t block;
    uint64_t size_interval;
  };
  template <typename Visit>
  bool VisitBuckets(uint64_t first, uint64_t count, Visit&& visit) const;

  // For thinning. Both fail if the entry has changed since it was visited.
  [[nodiscard]] bool TakeSlot(const Slot& slot, LiveEntry* entry);
  [[nodiscard]] static bool Relabel(const Slot& slot, uint8_t interval_index);

 private:
  struct Segment {
    std::atomic<capture::LiveBucket*> buckets;  // published last; null: not in use
    std::atomic<uint64_t> mask;
  };

  // The two buckets of a segment where an address may be.
  struct Choices {
    capture::LiveBucket* a;
    capture::LiveBucket* b;
  };

  static constexpr uint32_t kStash = 1;
  static constexpr uint32_t kManySegments = 1u << 31;

  // The two halves of the hash choose the two buckets. The hash folds the product of two different
  // terms of the address (as in wyhash, Wang Yi 2019). Consecutive blocks of one size then find no
  // room as rarely as random addresses do. Folding the product with a constant does not achieve
  // this.
  static uint64_t HashOf(uintptr_t block) {
    const auto product = static_cast<unsigned __int128>(block ^ 0xa076'1d64'78bd'642fULL) *
                         (block ^ 0xe703'7ed1'a0b4'28dbULL);
    return static_cast<uint64_t>(product) ^ static_cast<uint64_t>(product >> 64);
  }
  static capture::LiveBucket* FirstIn(const Segment& in, uint64_t hash) {
    return in.buckets.load(std::memory_order_acquire) +
           (hash & in.mask.load(std::memory_order_relaxed));
  }
  static capture::LiveBucket* SecondIn(const Segment& in, uint64_t hash) {
    return FirstIn(in, hash >> 32);
  }
  static Choices ChoicesIn(const Segment& in, uint64_t hash) {
    return {FirstIn(in, hash), SecondIn(in, hash)};
  }
  static uint32_t Newest(uint32_t segments) { return segments > kStash + 1 ? segments - 1 : 0; }
  // True if an address may also be outside the newest segment.
  bool OthersInUse() const { return others_.load(std::memory_order_seq_cst) != 0; }
  bool StashInUse() const {
    return (others_.load(std::memory_order_seq_cst) & ~kManySegments) != 0;
  }
  // True if `segment` is another one than `looked_at` and may hold entries.
  bool IsOtherInUse(uint32_t segment, const Segment* looked_at) const {
    return &segments_[segment] != looked_at && (segment != kStash || StashInUse());
  }

  void Adopt(uint32_t index);
  static Inserted PutIn(const Choices& choices, uintptr_t block, const LiveEntry& entry);
  Inserted PutAnywhere(uint64_t hash, uintptr_t block, const LiveEntry& entry);
  Inserted PutInSegments(uint32_t segments, uint64_t hash, uintptr_t block, const LiveEntry& entry);
  bool OthersHold(const Segment* looked_at, uint64_t hash, uintptr_t block) const;
  bool TakeFromOthers(const Segment* looked_at, uint64_t hash, uintptr_t block, LiveEntry* entry);
  void GrowAhead();
  [[nodiscard]] bool AddSegment(uint32_t index);

  ImageView image_;
  Segment segments_[capture::kMaxLiveSegments];
  std::atomic<uint32_t> segment_count_;
  std::atomic<const Segment*> newest_;  // holds most entries, and has the room; null: unbound
  std::atomic<uint32_t> others_;        // entries in the stash, plus the flag kManySegments
  std::atomic<bool> may_grow_;
  // A thread is growing the table ahead of need. This is no lock; it only saves others the same
  // work.
  std::atomic<uint32_t> growing_;
};

// Inserts into the lowest slot that is empty in either bucket. But for holes this is the emptier
// bucket, and it needs no count.
[[gnu::always_inline]] inline LiveTable::Inserted LiveTable::PutIn(const Choices& choices,
                                                                   uintptr_t block,
                                                                   const LiveEntry& entry) {
  if (live_bucket::Holds(*choices.a, block) || live_bucket::Holds(*choices.b, block))
    return Inserted::kKnown;
  capture::LiveBucket* bucket = choices.a;
#pragma GCC unroll 1
  for (uint32_t i = 0; i < 4; ++i) {
    if (!live_bucket::Claim(choices.a->slots[i])) {
      if (!live_bucket::Claim(choices.b->slots[i])) continue;
      bucket = choices.b;
    }
    live_bucket::Fill(*bucket, i, block, entry);
    return Inserted::kYes;
  }
  return Inserted::kNoRoom;
}

[[gnu::always_inline]] inline LiveTable::Inserted LiveTable::Insert(uintptr_t block,
                                                                    const LiveEntry& entry) {
  LEAKTRACK_DCHECK(block > capture::kSlotBusy);
  const uint64_t hash = HashOf(block);
  const Segment* const newest = newest_.load(std::memory_order_acquire);
  if (newest == nullptr) [[unlikely]]
    return Inserted::kNoRoom;
  if (OthersInUse() && OthersHold(newest, hash, block)) return Inserted::kKnown;
  const Inserted inserted = PutIn(ChoicesIn(*newest, hash), block, entry);
  return inserted == Inserted::kNoRoom ? PutAnywhere(hash, block, entry.Apart()) : inserted;
}

[[gnu::always_inline]] inline bool LiveTable::Take(uintptr_t block, LiveEntry* entry) {
  LEAKTRACK_DCHECK(block != capture::kSlotEmpty);
  const uint64_t hash = HashOf(block);
  const Segment* const newest = newest_.load(std::memory_order_acquire);
  if (newest == nullptr) [[unlikely]]
    return false;
  if (live_bucket::Take(*FirstIn(*newest, hash), block, entry)) return true;
  if (live_bucket::Take(*SecondIn(*newest, hash), block, entry)) return true;
  if (!OthersInUse()) return false;
  LiveEntry found;
  if (!TakeFromOthers(newest, hash, block, &found)) return false;
  *entry = found;
  return true;
}

template <typename Visit>
bool LiveTable::VisitBuckets(uint64_t first, uint64_t count, Visit&& visit) const {
  bool any = false;
  const uint32_t segments = segment_count_.load(std::memory_order_acquire);
  for (uint32_t s = 0; s < segments && count > 0; ++s) {
    const Segment& segment = segments_[s];
    const uint64_t buckets = segment.mask.load(std::memory_order_relaxed) + 1;
    if (first >= buckets) {
      first -= buckets;
      continue;
    }
    any = true;
    capture::LiveBucket* const in = segment.buckets.load(std::memory_order_acquire);
    for (; first < buckets && count > 0; ++first, --count) {
      for (uint32_t i = 0; i < 4; ++i) {
        capture::LiveHot& slot = in[first].slots[i];
        const uint64_t key = slot.key.load(std::memory_order_acquire);
        if (key <= capture::kSlotBusy) continue;
        visit(Slot{&slot, &in[first].details[i], key,
                   slot.size_interval.load(std::memory_order_acquire)});
      }
    }
    first = 0;
  }
  return any;
}

}  // namespace leaktrack::track

#endif  // LEAKTRACK_LIBTRACK_RECORD_LIVE_TABLE_H_
