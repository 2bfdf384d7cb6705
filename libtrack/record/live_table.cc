// SPDX-License-Identifier: Apache-2.0
#include "libtrack/record/live_table.h"

namespace leaktrack::track {
namespace {

using namespace capture;

constexpr uint32_t kStash = 1;

uint64_t Hash(uintptr_t block) {
  uint64_t h = (block >> 3) * 0x9e37'79b9'7f4a'7c15ULL;
  h ^= h >> 32;
  h *= 0xd6e8'feb8'6659'fd93ULL;
  return h ^ (h >> 32);
}

uint64_t FirstBucket(uint64_t hash, uint64_t mask) { return hash & mask; }
uint64_t SecondBucket(uint64_t hash, uint64_t mask) { return (hash >> 32) & mask; }

[[gnu::always_inline]] inline uint32_t EmptySlots(const LiveBucket& bucket) {
  static_assert(kSlotEmpty == 0);
  uint32_t empty = 0;
#pragma GCC unroll 4
  for (const LiveHot& slot : bucket.slots) empty += slot.key.load(std::memory_order_relaxed) < 1;
  return empty;
}

[[gnu::always_inline]] inline void Fill(LiveHot& hot, LiveCold& cold, uintptr_t block, const LiveEntry& entry) {
  hot.size_interval.store((entry.size << 8) | entry.interval_index, std::memory_order_relaxed);
  cold.birth_chain.store((entry.birth_ms << 24) | entry.chain, std::memory_order_relaxed);
  cold.site.store(entry.site, std::memory_order_relaxed);
  cold.first_birth_s.store(entry.first_birth_s, std::memory_order_relaxed);
  hot.key.store(block, std::memory_order_release);
}

[[gnu::always_inline]] inline bool InsertInBucket(LiveBucket& bucket, LiveCold* cold, uintptr_t block, const LiveEntry& entry) {
#pragma GCC unroll 4
  for (uint32_t i = 0; i < 4; ++i) {
    LiveHot& hot = bucket.slots[i];
    uint64_t expected = kSlotEmpty;
    if (hot.key.load(std::memory_order_relaxed) == kSlotEmpty &&
        hot.key.compare_exchange_strong(expected, kSlotBusy, std::memory_order_acquire)) {
      Fill(hot, cold[i], block, entry);
      return true;
    }
  }
  return false;
}

// One remover wins the key; it then takes the label by exchange, so that a relabelling at the same moment is either
// seen or fails.
[[gnu::always_inline]] inline bool Win(LiveHot& hot, LiveCold& cold, uintptr_t block, LiveEntry* entry) {
  uint64_t expected = block;
  if (!hot.key.compare_exchange_strong(expected, kSlotBusy, std::memory_order_acq_rel)) return false;
  const uint64_t size_interval = hot.size_interval.exchange(0, std::memory_order_acq_rel);
  const uint64_t birth_chain = cold.birth_chain.load(std::memory_order_relaxed);
  entry->size = size_interval >> 8;
  entry->interval_index = static_cast<uint8_t>(size_interval);
  entry->site = cold.site.load(std::memory_order_relaxed);
  entry->birth_ms = birth_chain >> 24;
  entry->chain = static_cast<uint32_t>(birth_chain & 0xff'ffff);
  entry->first_birth_s = cold.first_birth_s.load(std::memory_order_relaxed);
  hot.key.store(kSlotEmpty, std::memory_order_release);
  return true;
}

[[gnu::always_inline]] inline bool TakeFromBucket(LiveBucket& bucket, LiveCold* cold, uintptr_t block, LiveEntry* entry) {
#pragma GCC unroll 4
  for (uint32_t i = 0; i < 4; ++i) {
    LiveHot& hot = bucket.slots[i];
    if (hot.key.load(std::memory_order_relaxed) == block) return Win(hot, cold[i], block, entry);
  }
  return false;
}

}  // namespace

void LiveTable::Bind(const ImageView& image, bool may_grow) {
  image_ = image;
  may_grow_.store(may_grow);
  growing_.store(0);
  segment_count_.store(0);
  for (uint32_t i = 0; i < kMaxLiveSegments; ++i) {
    segments_[i].buckets.store(nullptr);
    segments_[i].used.store(0);
    if (image.header().live_segments[i].bucket_count.load() != 0) Adopt(i);
  }
}

// The segment's words in the header are complete. May be done by several threads at once.
void LiveTable::Adopt(uint32_t index) {
  const LiveSegment& from = image_.header().live_segments[index];
  char* const region = image_.region<char>(kRegionLive);
  Segment& to = segments_[index];
  to.mask.store(from.bucket_count.load(std::memory_order_relaxed) - 1, std::memory_order_relaxed);
  to.cold.store(reinterpret_cast<LiveCold*>(region + from.cold_offset), std::memory_order_relaxed);
  to.buckets.store(reinterpret_cast<LiveBucket*>(region + from.hot_offset), std::memory_order_release);
  uint32_t before = index;
  segment_count_.compare_exchange_strong(before, index + 1, std::memory_order_acq_rel);
}

[[gnu::always_inline]] inline bool LiveTable::InsertIn(Segment& segment, uint64_t hash, uintptr_t block, const LiveEntry& entry) {
  LiveBucket* const buckets = segment.buckets.load(std::memory_order_acquire);
  LiveCold* const cold = segment.cold.load(std::memory_order_relaxed);
  const uint64_t mask = segment.mask.load(std::memory_order_relaxed);
  uint64_t a = FirstBucket(hash, mask);
  uint64_t b = SecondBucket(hash, mask);
  if (EmptySlots(buckets[b]) > EmptySlots(buckets[a])) {
    const uint64_t swap = a;
    a = b;
    b = swap;
  }
  return InsertInBucket(buckets[a], &cold[4 * a], block, entry) || InsertInBucket(buckets[b], &cold[4 * b], block, entry);
}

[[gnu::always_inline]] inline bool LiveTable::TakeFrom(Segment& segment, uint64_t hash, uintptr_t block, LiveEntry* entry) {
  LiveBucket* const buckets = segment.buckets.load(std::memory_order_acquire);
  LiveCold* const cold = segment.cold.load(std::memory_order_relaxed);
  const uint64_t mask = segment.mask.load(std::memory_order_relaxed);
  const uint64_t a = FirstBucket(hash, mask);
  const uint64_t b = SecondBucket(hash, mask);
  return TakeFromBucket(buckets[a], &cold[4 * a], block, entry) || TakeFromBucket(buckets[b], &cold[4 * b], block, entry);
}

[[gnu::always_inline]] inline bool LiveTable::Place(uint32_t segments, uint64_t hash, uintptr_t block, const LiveEntry& entry) {
  for (uint32_t s = segments; s-- > 0;) {  // newest first: it has the room
    if (s != kStash && InsertIn(segments_[s], hash, block, entry)) return true;
  }
  // Raised before the entry can be seen: Take() skips a stash that counts nothing.
  segments_[kStash].used.fetch_add(1, std::memory_order_seq_cst);
  if (InsertIn(segments_[kStash], hash, block, entry)) return true;
  segments_[kStash].used.fetch_sub(1, std::memory_order_relaxed);
  return false;
}

bool LiveTable::Insert(uintptr_t block, const LiveEntry& entry) {
  const uint64_t hash = Hash(block);
  uint32_t segments = segment_count_.load(std::memory_order_acquire);
  bool done = Place(segments, hash, block, entry);
  while (!done && AddSegment(segments)) done = Place(++segments, hash, block, entry);
  return done;
}

void LiveTable::Count(int64_t change) {
  const int64_t now_live = image_.header().live_count.fetch_add(change, std::memory_order_relaxed) + change;
  if (change > 0 && IsNearlyFull(now_live) && may_grow_.load(std::memory_order_relaxed)) GrowAhead();
}

bool LiveTable::Take(uintptr_t block, LiveEntry* entry) {
  const uint64_t hash = Hash(block);
  const uint32_t count = segment_count_.load(std::memory_order_acquire);
  for (uint32_t s = count; s-- > 0;) {
    const bool stash = s == kStash;
    if (stash && segments_[s].used.load(std::memory_order_seq_cst) == 0) continue;
    if (!TakeFrom(segments_[s], hash, block, entry)) continue;
    if (stash) segments_[s].used.fetch_sub(1, std::memory_order_relaxed);
    return true;
  }
  return false;
}

bool LiveTable::TakeSlot(const Slot& slot, LiveEntry* entry) {
  if (!Win(*slot.hot, *slot.cold, slot.block, entry)) return false;
  const Segment& stash = segments_[kStash];
  const LiveBucket* const first = stash.buckets.load(std::memory_order_relaxed);
  const auto* const bucket = reinterpret_cast<const LiveBucket*>(slot.hot);
  if (bucket >= first && bucket <= first + stash.mask) segments_[kStash].used.fetch_sub(1, std::memory_order_relaxed);
  return true;
}

bool LiveTable::Relabel(const Slot& slot, uint8_t interval_index) {
  uint64_t expected = slot.size_interval;
  const uint64_t relabelled = (expected & ~uint64_t{0xff}) | interval_index;
  return slot.hot->size_interval.compare_exchange_strong(expected, relabelled, std::memory_order_acq_rel);
}

void LiveTable::GrowAhead() {
  uint32_t idle = 0;
  if (!growing_.compare_exchange_strong(idle, 1, std::memory_order_acquire)) return;
  const uint32_t segments = segment_count_.load(std::memory_order_acquire);
  if (IsNearlyFull(live())) (void)AddSegment(segments);
  growing_.store(0, std::memory_order_release);
}

// True when segment `index` is there, whoever made it. All that come here at once store the same values.
bool LiveTable::AddSegment(uint32_t index) {
  if (index < segment_count_.load(std::memory_order_acquire)) return true;
  if (index >= kMaxLiveSegments || !may_grow_.load(std::memory_order_relaxed)) return false;
  RecorderHeader& header = image_.header();
  const uint64_t buckets = header.live_segments[0].bucket_count.load(std::memory_order_relaxed) << (index - 2);
  const LiveSegment& last = header.live_segments[index - 1];
  const uint64_t end = last.cold_offset + last.bucket_count.load() * 4 * sizeof(LiveCold);
  if (!image_.Ensure(kRegionLive, end + buckets * (sizeof(LiveBucket) + 4 * sizeof(LiveCold)))) {
    may_grow_.store(false, std::memory_order_relaxed);  // asking again at every insert would cost a system call each
    return false;
  }
  LiveSegment& segment = header.live_segments[index];
  segment.hot_offset.store(end, std::memory_order_relaxed);
  segment.cold_offset.store(end + buckets * sizeof(LiveBucket), std::memory_order_relaxed);
  segment.bucket_count.store(buckets, std::memory_order_release);
  Adopt(index);
  return true;
}

}  // namespace leaktrack::track
