// SPDX-License-Identifier: Apache-2.0
#include "libtrack/wrap/birth.h"

#include "libtrack/runtime/annotations.h"
#include "libtrack/runtime/run.h"

namespace leaktrack::track {
namespace {

// Objects of a pool: which one it is stands behind the frames, so that each pool has sites of its own.
capture::SiteId SiteOfPool(ThreadState& state, uint32_t pool, const WalkResult& walk) {
  uint32_t count = walk.frame_count;
  if (count == 0) g_tracker.Count(capture::kLostUnwind);
  if (count == kMaxFrames) --count;
  state.frames[count] = capture::MakeFrame(capture::kPoolModule, pool);
  return g_tracker.Intern({capture::SiteKind::kPool, {state.frames, count + 1}, walk.truncated});
}

capture::SiteId WalkToSite(ThreadState& state, uint32_t pool, const StackStart& start) {
  const WalkResult walk = WalkStack(state, start);
  if (pool != 0) return SiteOfPool(state, pool, walk);
  const capture::SiteId site =
      g_tracker.Intern({capture::SiteKind::kHeap, {state.frames, walk.frame_count}, walk.truncated, walk.fold});
  if (g_tracker.HasStack(site)) state.memo_site = site;
  return site;
}

void Record(ThreadState& state, const GuardTicket& ticket, const Birth& birth, const StackStart& start) {
  const uint64_t now_ms = NowMs();
  Sample sample;
  if (!g_tracker.Judge(hot_thread, state, birth.size, now_ms, &sample)) return;
  if (birth.pool != 0 && !AnnouncePool(birth.pool)) return;
  const bool known = state.memo_site != 0 && birth.pool == 0 && StackStands(state.memo, start);
  const capture::SiteId site = known ? state.memo_site : WalkToSite(state, birth.pool, start);
  g_tracker.Insert(ticket, state, const_cast<void*>(birth.block), birth.size, sample, site, now_ms, birth.link);
}

}  // namespace

void RecordBirth(const Birth& birth, const StackStart& start) {
  HotThread& hot = hot_thread;
  const ReentrancyGuard guard(hot);
  if (ThreadState* state = StateForRecording(hot, guard); state != nullptr) {
    Record(*state, guard.ticket(), birth, start);
  } else {
    CountIfNested(guard);
  }
}

namespace {

[[gnu::always_inline]] inline void Settle(const Removed& removed) {
  HotThread& hot = hot_thread;
  const ReentrancyGuard guard(hot);
  g_tracker.SettleDeath(guard.IfStillHeld(hot.state), removed, NowMs());
}

}  // namespace

void SettleRemoved(const Removed& removed) { Settle(removed); }

void SettleFree(const void* block) {
  const Removed removed = g_tracker.Take(block);
  if (removed.found) Settle(removed);
}

}  // namespace leaktrack::track
