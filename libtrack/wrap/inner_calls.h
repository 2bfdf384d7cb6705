// SPDX-License-Identifier: Apache-2.0
//
// Detects calls that an allocator makes to itself by its public names: from malloc to memalign, or
// from realloc to malloc and free.
//
// Through the PLT such a call reaches our hooks again, inside the call that the program has made,
// and would count as a second block. This inner call is passed over. The outer call records the
// block, with the size that the program asked for.
//
// The stack tells which call is an inner one. No mark is set around the real call, because a
// handler may jump out of it and operator new throws. A call is an inner one if it comes out of the
// allocator's object and one of these is true: a frame in that object belongs to one of its public
// functions, or the first frame outside it is ours. The allocator's function may end in the inner
// call and leave no frame. For this case the hooks reach each real function through a step: a
// function of ours that stays on the stack during the call.
//
// Budgets: an inner call takes its bytes from the thread's budget too. If it uses the budget up, a
// new one is drawn and nothing is recorded. The outer calls then meet the same chances as without
// the inner call. Exception: the outer call has used up the budget itself and is about to draw.
//
// Limits: nothing is watched if the next malloc is the C library's or belongs to an allocator that
// is known by name, because those call each other directly. Blocks that an allocator takes by
// malloc for its own bookkeeping, inside a call, are not recorded.
//
// Thread-safety: WatchInnerCalls() once, at the start; the rest from any thread.
// Allocates: never.
// Signals: safe.
// Fork: safe.
#ifndef LEAKTRACK_LIBTRACK_WRAP_INNER_CALLS_H_
#define LEAKTRACK_LIBTRACK_WRAP_INNER_CALLS_H_

#include <cstdint>

#include "libtrack/platform/walk/unwinder.h"
#include "libtrack/record/thread_state.h"

// The section of the steps. A step must not call its real function in tail position.
#define LEAKTRACK_STEPS [[gnu::section("leaktrack_steps")]]

// The section of the slow paths that call a real function and judge afterwards.
#define LEAKTRACK_JUDGES_LATER [[gnu::section("leaktrack_judges_later")]]

namespace leaktrack::track {

// Called by the library's constructor once the allocator is known.
void WatchInnerCalls();

// The same for an allocator that lies in this object (a link_map).
void WatchInnerCallsOf(const void* object);

// The malloc behind the hooks and steps.
const void* RealMalloc();

enum class InnerCall {
  kNone,       // the program's own call
  kOfCounted,  // inside a call whose bytes are taken from the budget
  kOfJudged,   // inside a call that has used the budget up and will draw the next one
};

extern bool g_inner_calls_watched __attribute__((visibility("hidden")));
InnerCall JudgeInnerCall(ThreadState& state, const StackStart& start);

// Tells whether the hook whose caller is `start` runs inside another call. The thread must hold the
// guard.
inline InnerCall InnerCallAt(ThreadState& state, const StackStart& start) {
  return g_inner_calls_watched ? JudgeInnerCall(state, start) : InnerCall::kNone;
}

}  // namespace leaktrack::track

#endif  // LEAKTRACK_LIBTRACK_WRAP_INNER_CALLS_H_
