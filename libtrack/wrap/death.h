// SPDX-License-Identifier: Apache-2.0
//
// The end of a block's life. The block is taken out of the table before the real free, then
// settled.
//
// Thread-safety: yes.
// Allocates: never.
// Signals: safe (inside a hook, the cells and rings of the guarded thread are not touched).
// errno: untouched.
// Fork: a child that has not started its run finds nothing of its own.
#ifndef LEAKTRACK_LIBTRACK_WRAP_DEATH_H_
#define LEAKTRACK_LIBTRACK_WRAP_DEATH_H_

#include "libtrack/record/tracker.h"
#include "libtrack/runtime/run.h"
#include "libtrack/wrap/young.h"

namespace leaktrack::track {

// Ends a removed block's life.
[[gnu::always_inline]] inline void SettleRemovedInline(const Removed& removed) {
  HotThread& hot = hot_thread;
  const HookGuard guard;
  ThreadState* const state = guard.IfStillHeld(hot.state);
  if (state != nullptr && g_tracker.DiesExactly(*state, removed)) [[likely]] {
    g_tracker.SettleExact(*state, removed, NowMsOfExact());
  } else {
    g_tracker.SettleDeath(state, {removed.found, removed.entry.Apart()}, NowMs());
  }
}

// Settles the block's death before the real function frees it. Does nothing if the block is not
// tracked.
[[gnu::always_inline]] inline void SettleFreeInline(const void* block) {
  // While the gate is shut the tracker is nobody's, or that of a parent.
  if (!g_filter.is_open() && SettleYoung(block)) [[unlikely]]
    return;
  // Not const: GCC keeps a constant that a function fills in memory.
  Removed removed = g_tracker.Take(block);
  if (removed.found) SettleRemovedInline(removed);
}

// The same functions, not inlined.
void SettleRemoved(const Removed& removed);
void SettleFree(const void* block);

}  // namespace leaktrack::track

#endif  // LEAKTRACK_LIBTRACK_WRAP_DEATH_H_
