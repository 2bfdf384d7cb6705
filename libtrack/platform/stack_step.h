// SPDX-License-Identifier: Apache-2.0
//
// One step outwards: from a frame and its rule to the frame that called it.
//
// Promises: reads the stack only through ReadStackWord; the stack pointer strictly increases, but for a signal frame that
// may switch stacks. Refuses: implausible frame pointers where there is no CFI.
//
// Thread-safety: one per thread.   Allocates: never.   Signals: safe.   Fork: safe.
#ifndef LEAKTRACK_LIBTRACK_PLATFORM_STACK_STEP_H_
#define LEAKTRACK_LIBTRACK_PLATFORM_STACK_STEP_H_

#include <cstdint>

#include "libtrack/platform/rule_cache.h"
#include "libtrack/platform/stack_probe.h"

namespace leaktrack::track {

// UnwindMemo::Entry::fp_slot, when it is not an address.
inline constexpr uintptr_t kFpUnchanged = 0;
inline constexpr uintptr_t kBarrier = 1;

struct FrameState {
  uintptr_t return_address;  // the frame's pc, plus one where a signal interrupted it
  uintptr_t sp;
  uintptr_t fp;
  uintptr_t fp_slot;
  uintptr_t registers;       // gregs of the ucontext, in a frame that a signal interrupted; else 0

  uintptr_t lookup_pc() const { return return_address - 1; }
};

enum class StepEnd : uint8_t { kNone = 0, kRoot, kCut };

// Any rule, with all checks.
StepEnd StepSlow(UnwindMemo& memo, const CachedRule& cached, FrameState& state);

// The two common rules on stack known to be readable. False: nothing was done, take StepSlow. The state is passed word
// by word so that it stays in registers: this chain of loads is what a frame costs.
__attribute__((always_inline)) inline bool StepFast(uintptr_t low, uintptr_t size, const CfiRule& rule,
                                                    uintptr_t& return_address, uintptr_t& sp, uintptr_t& fp,
                                                    uintptr_t& fp_slot) {
  if (rule.cfa != CfaKind::kSp && rule.cfa != CfaKind::kFp) return false;
  const uintptr_t base = rule.cfa == CfaKind::kSp ? sp : fp;
  const uintptr_t cfa = base + static_cast<uintptr_t>(intptr_t{rule.cfa_offset});
  const uintptr_t saved = cfa + static_cast<uintptr_t>(intptr_t{rule.fp_words}) * 8;
  if (cfa - 8 - low >= size || cfa <= sp || (cfa & 7) != 0) return false;
  if (rule.fp == FpKind::kSame) {
    fp_slot = kFpUnchanged;
  } else {
    if (rule.fp != FpKind::kAtCfa || saved < sp || saved >= cfa - 8 || saved < low) return false;
    fp = LoadStackWord(saved);
    fp_slot = saved;
  }
  return_address = LoadStackWord(cfa - 8);
  sp = cfa;
  return true;
}

}  // namespace leaktrack::track

#endif  // LEAKTRACK_LIBTRACK_PLATFORM_STACK_STEP_H_
