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

// All rules but the common two (see Step).
StepEnd StepSlow(UnwindMemo& memo, const CachedRule& cached, FrameState& state);

// Finishes a step whose CFA is known: reads the return address and the caller's rbp.
StepEnd ReturnTo(UnwindMemo& memo, const CfiRule& rule, uintptr_t cfa, FrameState& state);

inline StepEnd Step(UnwindMemo& memo, const CachedRule& cached, FrameState& state) {
  const CfiRule rule = cached.rule;
  if (rule.cfa != CfaKind::kSp && rule.cfa != CfaKind::kFp) return StepSlow(memo, cached, state);
  const uintptr_t base = rule.cfa == CfaKind::kSp ? state.sp : state.fp;
  const uintptr_t cfa = base + static_cast<uintptr_t>(static_cast<intptr_t>(rule.cfa_offset));
  const bool plain = rule.fp == FpKind::kSame || (rule.fp == FpKind::kAtCfa && rule.fp_words < -1);
  const uintptr_t fp_slot = cfa + static_cast<uintptr_t>(intptr_t{rule.fp_words}) * 8;
  const bool in_range = InReadableRange(memo, cfa - 8) && (rule.fp == FpKind::kSame || InReadableRange(memo, fp_slot));
  if (__builtin_expect(!plain || !in_range || cfa <= state.sp || (cfa & 7) != 0, 0)) {
    return ReturnTo(memo, rule, cfa, state);
  }
  state.return_address = LoadStackWord(cfa - 8);
  state.sp = cfa;
  state.registers = 0;
  state.fp_slot = kFpUnchanged;
  if (rule.fp == FpKind::kAtCfa) {
    state.fp = LoadStackWord(fp_slot);
    state.fp_slot = fp_slot;
  }
  return state.return_address == 0 ? StepEnd::kRoot : StepEnd::kNone;
}

}  // namespace leaktrack::track

#endif  // LEAKTRACK_LIBTRACK_PLATFORM_STACK_STEP_H_
