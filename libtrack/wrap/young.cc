// SPDX-License-Identifier: Apache-2.0
#include "libtrack/wrap/young.h"

#include <errno.h>

#include "libtrack/runtime/run.h"
#include "libtrack/runtime/youth.h"
#include "libtrack/wrap/inner_calls.h"
#include "libtrack/wrap/mapping_books.h"

namespace leaktrack::track {
namespace {

// Calls `sample(state)` if this thread may sample now. Leaves errno unchanged.
template <typename SampleFn>
void InYouth(HotThread& hot, const HookGuard& guard, SampleFn sample) {
  const int saved_errno = errno;
  ThreadState* const state = BeginYouthfulCall(hot, guard);
  if (state != nullptr) sample(*state);
  EndYouthfulCall(state);
  errno = saved_errno;
}

}  // namespace

void RecordYoungBirth(HotThread& hot, const HookGuard& guard, const void* block, size_t size,
                      const StackStart& start) {
  InYouth(hot, guard, [&](ThreadState& state) {
    const InnerCall inner = InnerCallAt(state, start);
    if (inner == InnerCall::kOfJudged || !JudgeInYouth(hot, state, size)) return;
    if (inner != InnerCall::kNone) return;
    const WalkResult walk = WalkStack(state, start);
    KeepInYouth(state, block, size, walk);
    if (IsGrown() && IsSafePlace(state, walk)) GiveBirth(hot, guard, &state);
  });
}

bool BeBornForMapping(HotThread& hot, const HookGuard& guard, const StackStart& start) {
  bool born = false;
  InYouth(hot, guard, [&](ThreadState& state) {
    if (IsAllocator(start.pc)) return;
    if (IsSafePlace(state, WalkStack(state, start))) born = GiveBirth(hot, guard, &state);
  });
  return born;
}

void BeBornForThread(const StackStart& start) {
  HotThread& hot = hot_thread;
  const HookGuard guard;
  InYouth(hot, guard, [&](ThreadState& state) {
    if (IsGrown() && IsSafePlace(state, WalkStack(state, start))) GiveBirth(hot, guard, &state);
  });
}

// If the gate was opened meanwhile, the block is the run's.
bool SettleYoung(const void* block) {
  Cradle::Block* taken = nullptr;
  const Cradle::State state = TakeInYouth(block, &taken);
  return state == Cradle::kEnded || (state == Cradle::kNone && !g_filter.is_open());
}

Cradle::Block* TakeYoung(const void* block) {
  Cradle::Block* taken = nullptr;
  TakeInYouth(block, &taken);
  return taken;
}

}  // namespace leaktrack::track
