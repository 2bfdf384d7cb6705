// SPDX-License-Identifier: Apache-2.0
#include "libtrack/record/live_table.h"

#include <bit>

#include "libtrack/capture/dcheck.h"

namespace leaktrack::track {

using namespace capture;

void LiveTable::Bind(const ImageView& image, bool may_grow) {
  image_ = image;
  may_grow_.store(may_grow);
  growing_.store(0);
  segment_count_.store(0);
  newest_.store(nullptr);
  others_.store(0);
  for (uint32_t i = 0; i < kMaxLiveSegments; ++i) {
    segments_[i].buckets.store(nullptr);
    if (image.header().live_segments[i].bucket_count.load() != 0) Adopt(i);
  }
}

// Makes a segment usable whose words in the header are complete. Several threads may do this at
// once.
void LiveTable::Adopt(uint32_t index) {
  const LiveSegment& from = image_.header().live_segments[index];
  LEAKTRACK_DCHECK(std::has_single_bit(from.bucket_count.load()));
  char* const region = image_.region<char>(kRegionLive);
  Segment& to = segments_[index];
  to.mask.store(from.bucket_count.load(std::memory_order_relaxed) - 1, std::memory_order_relaxed);
  to.buckets.store(reinterpret_cast<LiveBucket*>(region + from.offset), std::memory_order_release);
  if (index > kStash) others_.fetch_or(kManySegments, std::memory_order_seq_cst);
  const Segment* older = index > 0 ? &segments_[Newest(index)] : nullptr;
  if (index != kStash) newest_.compare_exchange_strong(older, &to, std::memory_order_acq_rel);
  uint32_t before = index;
  segment_count_.compare_exchange_strong(before, index + 1, std::memory_order_acq_rel);
}

// Inserts an entry for which the newest segment has no room, or which comes while another thread
// grows the table.
LiveTable::Inserted LiveTable::PutAnywhere(uint64_t hash, uintptr_t block, const LiveEntry& entry) {
  uint32_t segments = segment_count_.load(std::memory_order_acquire);
  Inserted inserted = PutInSegments(segments, hash, block, entry);
  while (inserted == Inserted::kNoRoom && AddSegment(segments))
    inserted = PutInSegments(++segments, hash, block, entry);
  return inserted;
}

LiveTable::Inserted LiveTable::PutInSegments(uint32_t segments, uint64_t hash, uintptr_t block,
                                             const LiveEntry& entry) {
  // Newest first: it has the room.
  for (uint32_t s = segments; s-- > 0;) {
    if (s == kStash) continue;
    const Inserted inserted = PutIn(ChoicesIn(segments_[s], hash), block, entry);
    if (inserted != Inserted::kNoRoom) return inserted;
  }
  // Raise the count before the entry becomes visible: a thread that looks for it skips a stash that
  // counts nothing.
  others_.fetch_add(1, std::memory_order_seq_cst);
  const Inserted inserted = PutIn(ChoicesIn(segments_[kStash], hash), block, entry);
  if (inserted != Inserted::kYes) others_.fetch_sub(1, std::memory_order_relaxed);
  return inserted;
}

bool LiveTable::OthersHold(const Segment* looked_at, uint64_t hash, uintptr_t block) const {
  for (uint32_t s = 0, segments = segment_count_.load(std::memory_order_acquire); s < segments;
       ++s) {
    if (!IsOtherInUse(s, looked_at)) continue;
    const Choices choices = ChoicesIn(segments_[s], hash);
    if (live_bucket::Holds(*choices.a, block) || live_bucket::Holds(*choices.b, block)) return true;
  }
  return false;
}

bool LiveTable::TakeFromOthers(const Segment* looked_at, uint64_t hash, uintptr_t block,
                               LiveEntry* entry) {
  for (uint32_t s = segment_count_.load(std::memory_order_acquire); s-- > 0;) {
    if (!IsOtherInUse(s, looked_at)) continue;
    const Choices choices = ChoicesIn(segments_[s], hash);
    if (!live_bucket::Take(*choices.a, block, entry) &&
        !live_bucket::Take(*choices.b, block, entry))
      continue;
    if (s == kStash) others_.fetch_sub(1, std::memory_order_relaxed);
    return true;
  }
  return false;
}

void LiveTable::Count(int64_t change) {
  const int64_t now_live =
      image_.header().live_count.fetch_add(change, std::memory_order_relaxed) + change;
  if (change > 0 && IsNearlyFull(now_live) && may_grow_.load(std::memory_order_relaxed))
    GrowAhead();
}

bool LiveTable::TakeSlot(const Slot& slot, LiveEntry* entry) {
  if (!live_bucket::Win(*slot.hot, *slot.cold, slot.block, entry)) return false;
  const Segment& stash = segments_[kStash];
  const LiveBucket* const first = stash.buckets.load(std::memory_order_relaxed);
  const void* const at = slot.hot;
  if (at >= first && at < first + stash.mask + 1) others_.fetch_sub(1, std::memory_order_relaxed);
  return true;
}

bool LiveTable::Relabel(const Slot& slot, uint8_t interval_index) {
  LEAKTRACK_DCHECK(static_cast<uint8_t>(slot.size_interval) != kExactIndex);
  LEAKTRACK_DCHECK(interval_index != kExactIndex);
  uint64_t expected = slot.size_interval;
  const uint64_t relabelled = (expected & ~uint64_t{0xff}) | interval_index;
  return slot.hot->size_interval.compare_exchange_strong(expected, relabelled,
                                                         std::memory_order_acq_rel);
}

void LiveTable::GrowAhead() {
  uint32_t idle = 0;
  if (!growing_.compare_exchange_strong(idle, 1, std::memory_order_acquire)) return;
  const uint32_t segments = segment_count_.load(std::memory_order_acquire);
  if (IsNearlyFull(live())) (void)AddSegment(segments);
  growing_.store(0, std::memory_order_release);
}

// True if segment `index` exists, whichever thread added it. All threads that get here at once
// store the same values.
bool LiveTable::AddSegment(uint32_t index) {
  if (index < segment_count_.load(std::memory_order_acquire)) return true;
  if (index >= kMaxLiveSegments || !may_grow_.load(std::memory_order_relaxed)) return false;
  RecorderHeader& header = image_.header();
  const uint64_t buckets = header.live_segments[0].bucket_count.load(std::memory_order_relaxed)
                           << (index - 2);
  const LiveSegment& last = header.live_segments[index - 1];
  const uint64_t end = last.offset + last.bucket_count.load() * sizeof(LiveBucket);
  // Asking again at every insert would cost a system call each.
  if (!image_.Ensure(kRegionLive, end + buckets * sizeof(LiveBucket))) {
    may_grow_.store(false, std::memory_order_relaxed);
    return false;
  }
  LiveSegment& segment = header.live_segments[index];
  segment.offset.store(end, std::memory_order_relaxed);
  segment.bucket_count.store(buckets, std::memory_order_release);
  Adopt(index);
  return true;
}

}  // namespace leaktrack::track
