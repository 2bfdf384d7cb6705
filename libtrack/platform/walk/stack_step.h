// SPDX-License-Identifier: Apache-2.0
//
// One step outwards: from a frame and its rule to the frame that called it.
//
// Promises: it reads the stack only through ReadStackWord. The stack pointer strictly increases,
// except at a signal frame, which may switch stacks.
// Refuses: implausible frame pointers where there is no CFI.
//
// Thread-safety: one per thread.
// Allocates: never.
// Signals: safe.
// Fork: safe.
#ifndef LEAKTRACK_LIBTRACK_PLATFORM_WALK_STACK_STEP_H_
#define LEAKTRACK_LIBTRACK_PLATFORM_WALK_STACK_STEP_H_

#include <cstdint>

#include "libtrack/platform/cfi/rule_cache.h"
#include "libtrack/platform/walk/stack_probe.h"

namespace leaktrack::track {

// Values of UnwindMemo::Entry::fp_slot that are not addresses.
inline constexpr uintptr_t kFpUnchanged = 0;
inline constexpr uintptr_t kBarrier = 1;

struct FrameState {
  uintptr_t return_address;  // the frame's pc, plus one if a signal interrupted it
  uintptr_t sp;
  uintptr_t fp;
  uintptr_t fp_slot;
  uintptr_t registers;  // gregs of the ucontext, in a frame that a signal interrupted; else 0

  uintptr_t lookup_pc() const { return return_address - 1; }
};

enum class StepEnd : uint8_t { kNone = 0, kRoot, kCut };

// Applies any rule, with all checks.
StepEnd StepSlow(UnwindMemo& memo, const CachedRule& cached, FrameState& state);

// Applies a plain rule on stack that is known to be readable from sp up to `high`; sp is a multiple
// of 8. False: nothing was done, use StepSlow. The state is passed word by word so that it stays in
// registers. The cost of a frame is the chain of dependent loads return address -> rule -> CFA ->
// return address; everything else runs in parallel.
__attribute__((always_inline)) inline bool StepFast(uintptr_t high, RuleWord rule,
                                                    uintptr_t& return_address, uintptr_t& sp,
                                                    uintptr_t& fp, uintptr_t& fp_slot) {
  if (!rule.plain()) return false;
  uintptr_t cfa = rule.cfa_offset();
  if (!rule.from_fp()) {
    cfa += sp;
  } else {
    cfa += fp;
    if (cfa <= sp || (cfa & 7) != 0 || (rule.fp_saved() && cfa + rule.fp_offset() < sp))
      return false;
  }
  if (cfa > high) return false;
  fp_slot = kFpUnchanged;
  if (rule.fp_saved()) {
    fp_slot = cfa + rule.fp_offset();
    fp = LoadStackWord(fp_slot);
  }
  return_address = LoadStackWord(cfa - 8);
  sp = cfa;
  return true;
}

}  // namespace leaktrack::track

#endif  // LEAKTRACK_LIBTRACK_PLATFORM_WALK_STACK_STEP_H_
