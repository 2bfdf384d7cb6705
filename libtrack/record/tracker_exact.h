// SPDX-License-Identifier: Apache-2.0
//
// Tracker: the path of every block of exact mode, inlined into the hooks. The cold parts are calls.
//
// Included by tracker.h alone, which states the contracts.
#ifndef LEAKTRACK_LIBTRACK_RECORD_TRACKER_EXACT_H_
#define LEAKTRACK_LIBTRACK_RECORD_TRACKER_EXACT_H_

#include <atomic>
#include <cstdint>

#include "libtrack/capture/age_band.h"
#include "libtrack/capture/dcheck.h"
#include "libtrack/record/tracker.h"

namespace leaktrack::track {

// Exact mode counts in the thread's own counter while it can. True: live() now shows the change to
// all threads.
[[gnu::always_inline]] inline bool Tracker::CountLive(ThreadState* own, uint8_t interval_index,
                                                      int64_t live, bool is_birth) {
  capture::Cell* const counter =
      own != nullptr && interval_index == kExactIndex ? cells_.Counter(own->cells) : nullptr;
  if (counter != nullptr) {
    if (is_birth) Cells::RaiseAlone(counter->samples);
    live = Cells::CountOwn(*counter, live, LiveTable::kCountAtOnce);
  } else if (is_birth) {
    image_.header().samples_total.fetch_add(1, std::memory_order_relaxed);
  }
  if (live != 0) [[unlikely]]
    live_.Count(live);
  return live != 0;
}

// Inlined twice. With constants for `own` and the entry's interval, no code for sampling is left.
[[gnu::always_inline]] inline bool Tracker::InsertAs(ThreadState* own, ThreadState& state,
                                                     void* block, const LiveEntry& entry) {
  const bool exact = entry.interval_index == kExactIndex;
  // The order is birth, filter, table. If the process is killed in between, its capture has no
  // death without a birth. And the filter lets every free pass that can find the entry.
  if (!AddBlock(own, entry.site, capture::kBandBirths, entry.size, entry.interval_index))
      [[unlikely]] {
    SettleStale(state, block, entry.birth_ms);
    return false;
  }
  if (!exact) filter_->Raise(block);  // in exact mode all counters are raised for good
  const LiveTable::Inserted inserted = live_.Insert(reinterpret_cast<uintptr_t>(block), entry);
  if (inserted != LiveTable::Inserted::kYes) [[unlikely]]
    return InsertRefused(own, state, block, entry.Apart(), inserted);
  const bool published = CountLive(own, entry.interval_index, 1, true);
  if (!exact || published) LookForRoom(state, entry.interval_index, true, entry.birth_ms);
  return true;
}

[[gnu::always_inline]] inline bool Tracker::InsertExact(const GuardTicket&, ThreadState& state,
                                                        void* block, uint64_t size,
                                                        capture::SiteId site, uint64_t now_ms) {
  LEAKTRACK_DCHECK(state.generation == generation_ && size <= kLargestSampled);
  return InsertAs(&state, state, block, {size, kExactIndex, site, now_ms});
}

[[gnu::always_inline]] inline void Tracker::SettleAs(ThreadState* own, const LiveEntry& entry,
                                                     uint64_t now_ms) {
  CountLive(own, entry.interval_index, -1, false);
  const uint64_t age_ms = now_ms > entry.birth_ms ? now_ms - entry.birth_ms : 0;
  AddBlock(own, entry.site, capture::AgeBand(age_ms), entry.size, entry.interval_index);
  if (entry.interval_index != kExactIndex || age_ms > kKeepOlderThanMs) [[unlikely]]
    KeepIfOldOrLarge(own, entry.Apart(), now_ms);
}

[[gnu::always_inline]] inline void Tracker::SettleExact(ThreadState& state, const Removed& removed,
                                                        uint64_t now_ms) {
  LEAKTRACK_DCHECK(removed.found && removed.entry.interval_index == kExactIndex);
  LiveEntry entry = removed.entry.Apart();
  entry.interval_index = kExactIndex;  // a constant for the compiler
  SettleAs(&state, entry, now_ms);
}

}  // namespace leaktrack::track

#endif  // LEAKTRACK_LIBTRACK_RECORD_TRACKER_EXACT_H_
