// SPDX-License-Identifier: Apache-2.0
#include "libtrack/wrap/birth.h"

#include "libtrack/runtime/annotations.h"
#include "libtrack/runtime/run.h"
#include "libtrack/wrap/inner_calls.h"
#include "libtrack/wrap/young.h"

namespace leaktrack::track {
namespace {

// The site of a pool's object. The pool's number stands behind the frames, so each pool has its own
// sites.
capture::SiteId SiteOfPool(ThreadState& state, uint32_t pool, const WalkResult& walk) {
  uint32_t count = walk.frame_count;
  if (count == 0) g_tracker.Count(capture::kLostUnwind);
  if (count == kMaxFrames) --count;
  state.frames[count] = capture::MakeFrame(capture::kPoolModule, pool);
  return g_tracker.Intern({capture::SiteKind::kPool, {state.frames, count + 1}, walk.truncated});
}

capture::SiteId WalkToSite(ThreadState& state, const StackStart& start) {
  const WalkResult walk = WalkStack(state, start);
  const capture::SiteId site = g_tracker.Intern(
      {capture::SiteKind::kHeap, {state.frames, walk.frame_count}, walk.truncated, walk.fold});
  if (state.stacks != nullptr && g_tracker.HasStack(site))
    state.stacks->Keep(state.memo, start, site);
  return site;
}

[[gnu::always_inline]] inline capture::SiteId SiteOf(ThreadState& state, const StackStart& start) {
  const capture::SiteId known = state.stacks != nullptr ? state.stacks->Find(state.memo, start) : 0;
  return known != 0 ? known : WalkToSite(state, start);
}

// Draws the next budget as after a sample, but records nothing.
[[gnu::noinline]] void SkipInnerCall(HotThread& hot, ThreadState& state, size_t size) {
  Sample dropped;
  (void)g_tracker.Judge(hot, state, size, NowMs(), &dropped);
}

// The program has said that what this thread allocates now is nobody's leak.
[[gnu::noinline]] void Excuse(const HookGuard& guard, ThreadState& state, const void* block) {
  g_tracker.MakeImmortal(guard.ticket(), state, block, NowMs());
}

// There is no run that could record the block, or this is inside another hook.
[[gnu::noinline]] void PassOver(HotThread& hot, const HookGuard& guard, const void* block,
                                size_t size, const StackStart& start) {
  if (!IsYoung()) return CountIfNested(guard);
  RecordYoungBirth(hot, guard, block, size, start);
}

}  // namespace

void* RecordHeapBirthFrom(void* block, size_t size, const ChainLink* link, uintptr_t pc,
                          uintptr_t sp, uintptr_t fp) {
  HotThread& hot = hot_thread;
  const HookGuard guard;
  ThreadState* const state = StateForRecording(hot, guard);
  const StackStart start{pc, sp, fp};
  if (state == nullptr) [[unlikely]] {
    PassOver(hot, guard, block, size, start);
  } else if (const InnerCall inner = InnerCallAt(*state, start); inner != InnerCall::kNone)
      [[unlikely]] {
    if (inner == InnerCall::kOfCounted) SkipInnerCall(hot, *state, size);
  } else if (link == nullptr && g_tracker.RecordsExactly(*state, size)) {
    hot.countdown = 0;
    const uint64_t now_ms = NowMsOfExact();
    g_tracker.InsertExact(guard.ticket(), *state, block, size, SiteOf(*state, start), now_ms);
  } else {
    const uint64_t now_ms = NowMs();
    Sample sample;
    if (g_tracker.Judge(hot, *state, size, now_ms, &sample)) {
      g_tracker.Insert(guard.ticket(), *state, block, size, sample, SiteOf(*state, start), now_ms,
                       link);
    }
  }
  if (IsExcused(hot) && state != nullptr) [[unlikely]]
    Excuse(guard, *state, block);
  return block;
}

void RecordPoolBirth(const void* key, size_t size, uint32_t pool, const StackStart& start) {
  HotThread& hot = hot_thread;
  const HookGuard guard;
  ThreadState* const state = StateForRecording(hot, guard);
  if (state == nullptr) return CountIfNested(guard);
  const uint64_t now_ms = NowMs();
  Sample sample;
  if (!g_tracker.Judge(hot, *state, size, now_ms, &sample) || !AnnouncePool(pool)) return;
  const capture::SiteId site = SiteOfPool(*state, pool, WalkStack(*state, start));
  g_tracker.Insert(guard.ticket(), *state, const_cast<void*>(key), size, sample, site, now_ms,
                   nullptr);
}

}  // namespace leaktrack::track
