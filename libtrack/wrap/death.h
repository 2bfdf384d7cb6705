// SPDX-License-Identifier: Apache-2.0
//
// The end of a block's life: taken out of the table before the real free, then settled.
//
// Thread-safety: yes.
// Allocates: never.
// Signals: safe (the cells and rings that a guarded thread may use are not touched from inside a
// hook).
// errno: untouched.
// Fork: a child that has not started its run finds nothing of its own.
#ifndef LEAKTRACK_LIBTRACK_WRAP_DEATH_H_
#define LEAKTRACK_LIBTRACK_WRAP_DEATH_H_

#include "libtrack/record/tracker.h"
#include "libtrack/runtime/run.h"

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

// Settles the block's death, before whatever function really frees it. Does nothing if the block is
// not one of ours.
[[gnu::always_inline]] inline void SettleFreeInline(const void* block) {
  Removed removed =
      g_tracker.Take(block);  // not const: GCC keeps a constant that a function fills in memory
  if (removed.found) SettleRemovedInline(removed);
}

// The same, as calls.
void SettleRemoved(const Removed& removed);
void SettleFree(const void* block);

}  // namespace leaktrack::track

#endif  // LEAKTRACK_LIBTRACK_WRAP_DEATH_H_
