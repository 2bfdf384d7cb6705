// SPDX-License-Identifier: Apache-2.0
//
// Calls that an allocator makes to itself by its public names: its malloc to its memalign, its
// realloc to malloc and free.
//
// Through the PLT they come to our hooks again, inside the call that the program has made, and
// would be a second block. An inner call is passed over: the outer one records the block, with the
// size that the program asked for. No mark is set around the real call (a handler may jump out of
// it, operator new throws): the stack tells. A call is an inner one if it comes out of the
// allocator's object, and either one of the frames there is a public function of it, or the first
// frame that is not there is ours. So that there is one of ours also where the allocator's function
// ends in the inner call and leaves no frame, the hooks reach each real function by a step, a
// function that stays on the stack meanwhile.
//
// Budgets: an inner call takes its bytes from the thread's budget, too. If it uses the budget up, a
// new one is drawn and nothing recorded, so that outer calls meet the same chances as without it;
// unless the outer call has used it up itself and is about to draw.
// Limits: nothing is watched where the next malloc is the C library's, or of an allocator that is
// known by name: those call each other directly. Blocks that an allocator takes by malloc for its
// own books, within a call, are not recorded.
//
// Thread-safety: Watch once, at the start; the rest from any thread.   Allocates: never.
// Signals: safe.   Fork: safe.
#ifndef LEAKTRACK_LIBTRACK_WRAP_INNER_CALLS_H_
#define LEAKTRACK_LIBTRACK_WRAP_INNER_CALLS_H_

#include <cstdint>

#include "libtrack/platform/walk/unwinder.h"
#include "libtrack/record/thread_state.h"

// Where the steps lie; what they call must not be called in tail position.
#define LEAKTRACK_STEPS [[gnu::section("leaktrack_steps")]]

// Where the slow paths lie that call a real function and judge afterwards.
#define LEAKTRACK_JUDGES_LATER [[gnu::section("leaktrack_judges_later")]]

namespace leaktrack::track {

// From the library's constructor, once the allocator is known.
void WatchInnerCalls();

// The same for an allocator that lies in this object (a link_map), whoever it is.
void WatchInnerCallsOf(const void* object);

// The malloc that the hooks end at.
const void* RealMalloc();

enum class InnerCall {
  kNone,       // the program's own
  kOfCounted,  // of a call whose bytes are taken from the budget
  kOfJudged,   // of a call that has used the budget up, and will draw the next
};

extern bool g_inner_calls_watched __attribute__((visibility("hidden")));
InnerCall JudgeInnerCall(ThreadState& state, const StackStart& start);

// What the hook that `start` is the caller of was called within. The thread's guard is held.
inline InnerCall InnerCallAt(ThreadState& state, const StackStart& start) {
  return g_inner_calls_watched ? JudgeInnerCall(state, start) : InnerCall::kNone;
}

}  // namespace leaktrack::track

#endif  // LEAKTRACK_LIBTRACK_WRAP_INNER_CALLS_H_
