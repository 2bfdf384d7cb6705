// SPDX-License-Identifier: Apache-2.0
//
// The sampled blocks that are alive: address -> {site, size, interval, birth, chain}.
//
// Two-choice buckets, their keys in a cache line and the details in the next: a key lives in one of
// eight slots of a segment, so a look-up reads two lines, and a third if it finds it. There are no
// tombstones (linear probing with them decays to 3 us per miss; this one answers in 12 ns). The
// table grows by whole segments, never by moving entries: an entry keeps its slot for life. Segment
// 1 is a small stash that takes what finds all its buckets full.
//
// Promises: whoever dies or is interrupted between any two instructions leaves at most that one
// slot busy; of several removers of an address exactly one wins; a reader of a dead image finds
// every entry whole (live_bucket.h). Relabelling (thinning) swaps `size_interval` while the key
// stays, so a free at the same moment never misses.
//
// Growth waits for nobody either: the next segment's place and size follow from those before it, so
// whoever finds no room makes it, and several who make it at once write the same words (a thread
// that was interrupted while it grew the table once cost exact mode thousands of blocks).
//
// Thread-safety: any thread, lock-free.
// Allocates: never; asks for pages when growing.   Signals: safe.   Fork: the child binds anew.
#ifndef LEAKTRACK_LIBTRACK_RECORD_LIVE_TABLE_H_
#define LEAKTRACK_LIBTRACK_RECORD_LIVE_TABLE_H_

#include <atomic>
#include <cstdint>

#include "libtrack/capture/dcheck.h"
#include "libtrack/capture/recorder_layout.h"
#include "libtrack/record/image.h"
#include "libtrack/record/live_bucket.h"

namespace leaktrack::track {

// Without moving entries about, two choices of four slots leave near 1.4 % over at three quarters
// load (by hand).
inline constexpr uint64_t StashBuckets(uint64_t first_segment_buckets) {
  return first_segment_buckets < 512 ? 64 : first_segment_buckets / 8;
}

class LiveTable {
 public:
  // `may_grow`: add segments when three quarters full (exact mode).
  void Bind(const ImageView& image, bool may_grow);

  enum class Inserted : uint8_t { kYes, kKnown, kNoRoom };

  // Neither counts: see Count(). kKnown: the address is in the table, which stays as it was.
  [[nodiscard]] Inserted Insert(uintptr_t block, const LiveEntry& entry);

  // Removes the entry of `block`. False: not there (or another thread was faster).
  [[nodiscard]] bool Take(uintptr_t block, LiveEntry* entry);

  // Entries that came, or went (below 0). May come late and in sums: up to kCountAtOnce of each
  // thread are not in live().
  static constexpr int64_t kCountAtOnce = capture::kCounterMost;
  void Count(int64_t change);
  // What is counted here may be below 0 for a while: frees in one thread's handlers, births that
  // another keeps to itself.
  int64_t live() const { return image_.header().live_count.load(std::memory_order_relaxed); }
  // Whether so many fill three quarters of the slots outside the stash.
  bool IsNearlyFull(int64_t entries) const {
    return entries * 4 >= static_cast<int64_t>(capacity()) * 3;
  }
  // Slots outside the stash: every segment after it holds as many as all before.
  uint64_t capacity() const {
    const uint32_t segments = segment_count_.load(std::memory_order_relaxed);
    return segments == 0 ? 0
                         : 4 * image_.header().live_segments[0].bucket_count
                               << (segments > 2 ? segments - 2 : 0);
  }

  // Calls visit(Slot) for the entries of `count` buckets from `first`, counted through all
  // segments. Returns false when there are no buckets there. Other threads may change the table
  // meanwhile.
  struct Slot {
    capture::LiveHot* hot;
    capture::LiveCold* cold;
    uintptr_t block;
    uint64_t size_interval;
  };
  template <typename Visit>
  bool VisitBuckets(uint64_t first, uint64_t count, Visit&& visit) const;

  // For thinning. Both fail if the entry changed since it was visited.
  [[nodiscard]] bool TakeSlot(const Slot& slot, LiveEntry* entry);
  [[nodiscard]] static bool Relabel(const Slot& slot, uint8_t interval_index);

 private:
  struct Segment {
    std::atomic<capture::LiveBucket*> buckets;  // published last; null: not in use
    std::atomic<uint64_t> mask;
  };

  // The two buckets where an address may be, in one segment.
  struct Choices {
    capture::LiveBucket* a;
    capture::LiveBucket* b;
  };

  static constexpr uint32_t kStash = 1;
  static constexpr uint32_t kManySegments = 1u << 31;

  // Its halves choose the two buckets. The folded product of two that differ (as in wyhash, Wang Yi
  // 2019): blocks of one size, one after the other, leave no more without room than random ones
  // would; the folded product of one does.
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
  // Whether an address may be elsewhere than in the newest segment, too.
  bool OthersInUse() const { return others_.load(std::memory_order_seq_cst) != 0; }
  bool StashInUse() const {
    return (others_.load(std::memory_order_seq_cst) & ~kManySegments) != 0;
  }
  // `looked_at` is done.
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
  std::atomic<uint32_t> others_;        // entries in the stash, and kManySegments
  std::atomic<bool> may_grow_;
  std::atomic<uint32_t>
      growing_;  // somebody grows ahead of need: no lock, only a reason not to do so as well
};

// Into the lowest slot that is empty in either bucket: the emptier of the two, but for holes, and
// needs no count.
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
