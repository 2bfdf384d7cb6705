// SPDX-License-Identifier: Apache-2.0
//
// Tracker: what every block of exact mode passes through, inlined into the hooks; what is rare is called.
//
// Included by tracker.h alone; contracts stand there.
#ifndef LEAKTRACK_LIBTRACK_RECORD_TRACKER_HOT_H_
#define LEAKTRACK_LIBTRACK_RECORD_TRACKER_HOT_H_

#include "libtrack/capture/age_band.h"
#include "libtrack/record/tracker.h"

namespace leaktrack::track {

// Exact: in the thread's own counter, as long as it can be. True: all threads see it in live() now.
[[gnu::always_inline]] inline bool Tracker::CountLive(ThreadState* state, uint8_t interval_index, int64_t live, uint64_t samples) {
  capture::Cell* const own = state != nullptr && interval_index == kExactIndex ? cells_.Counter(state->cells) : nullptr;
  if (own != nullptr) {
    live = Cells::CountOwn(*own, live, samples, LiveTable::kCountAtOnce);
  } else if (samples != 0) {
    image_.header().samples_total.fetch_add(samples, std::memory_order_relaxed);
  }
  if (live != 0) [[unlikely]] live_.Count(live);
  return live != 0;
}

[[gnu::always_inline]] inline bool Tracker::Insert(const GuardTicket&, ThreadState& state, void* block, uint64_t size, const Sample& sample,
                                                   capture::SiteId site, uint64_t now_ms, const ChainLink* link) {
  LiveEntry entry{size, sample.interval_index, site, now_ms};
  if (link != nullptr) {
    entry.chain = link->chain;
    entry.first_birth_s = link->first_birth_s;
  }
  ThreadState* const own = state.generation == generation_ ? &state : nullptr;  // not so in a mark that comes first after a fork
  // Birth, filter, table, in this order: a capture of a process killed in between has no death without a birth, and a
  // free that finds the entry has been let through by the filter.
  if (!AddBlock(own, site, capture::kBandBirths, size, sample.interval_index)) [[unlikely]] {
    SettleStale(state, block, now_ms);
    return false;
  }
  if (sample.interval_index != kExactIndex) filter_->Raise(block);  // of exact mode all are raised for good
  const LiveTable::Inserted inserted = live_.Insert(reinterpret_cast<uintptr_t>(block), entry);
  const bool kept = inserted == LiveTable::Inserted::kYes ||
                    (inserted == LiveTable::Inserted::kKnown && InsertAfterStale(state, block, entry));
  const bool published = CountLive(own, sample.interval_index, kept ? 1 : 0, 1);
  if (!kept) [[unlikely]] DropBirth(block, entry);
  if (sample.interval_index != kExactIndex || published || !kept) LookForRoom(state, sample.interval_index, kept, now_ms);
  return kept;
}

[[gnu::always_inline]] inline void Tracker::SettleDeath(ThreadState* state, const Removed& removed, uint64_t now_ms) {
  if (!removed.found) return;
  if (state != nullptr && state->generation != generation_) [[unlikely]] state = nullptr;
  const LiveEntry& entry = removed.entry;
  CountLive(state, entry.interval_index, -1, 0);
  const uint64_t age_ms = now_ms > entry.birth_ms ? now_ms - entry.birth_ms : 0;
  AddBlock(state, entry.site, capture::AgeBand(age_ms), entry.size, entry.interval_index);
  if (entry.interval_index != kExactIndex || age_ms > kKeepOlderThanMs) [[unlikely]] KeepIfOldOrLarge(state, entry, now_ms);
}

}  // namespace leaktrack::track

#endif  // LEAKTRACK_LIBTRACK_RECORD_TRACKER_HOT_H_
