// SPDX-License-Identifier: Apache-2.0
//
// Tracker: what the program says about blocks that are alive already.
#include <atomic>
#include <cstdint>

#include "libtrack/record/tracker.h"

namespace leaktrack::track {

// The block dies at its site and is born at another site with the same frames. So the accounts of
// both sites stay whole, and the first site keeps the blocks that were not marked.
bool Tracker::MakeImmortal(const GuardTicket& ticket, ThreadState& state, const void* block,
                           uint64_t now_ms) {
  const Removed removed = Take(block);
  if (!removed.found) return false;
  const LiveEntry& entry = removed.entry;
  const capture::StackRecord& stack = depot_.record(entry.site);
  const capture::SiteId site = depot_.Intern({capture::SiteKind::kImmortal,
                                              {stack.frames, stack.frame_count},
                                              (stack.flags & capture::kStackTruncated) != 0});
  if (site == 0 || site == entry.site) {
    PutBack(block, removed);
    return site != 0;
  }
  SettleDeath(&state, removed, now_ms);
  const ChainLink link{entry.chain, entry.first_birth_s};
  return Insert(ticket, state, const_cast<void*>(block), entry.size, {entry.interval_index}, site,
                now_ms, entry.chain != 0 ? &link : nullptr);
}

void Tracker::SettleAll(ThreadState* state, uint64_t now_ms, MatchFn matches, const void* context) {
  if (generation_ == 0) return;
  live_.VisitBuckets(0, UINT64_MAX, [&](const LiveTable::Slot& slot) {
    const capture::SiteId site = slot.cold->site.load(std::memory_order_relaxed);
    if (site == 0 || !matches(context, slot.block, depot_.record(site))) return;
    Removed removed;
    removed.found = live_.TakeSlot(slot, &removed.entry);
    if (!removed.found) return;  // freed meanwhile
    filter_->Lower(reinterpret_cast<const void*>(slot.block));
    SettleDeath(state, removed, now_ms);
  });
}

}  // namespace leaktrack::track
