// SPDX-License-Identifier: Apache-2.0
#include "libtrack/platform/walk/stack_step.h"

#include "libtrack/platform/modules/module_map.h"
#include "libtrack/platform/os/raw.h"
#include "libtrack/platform/walk/lazy_binding.h"

namespace leaktrack::track {
namespace {

constexpr uintptr_t kMaxFramePointerDistance = uintptr_t{1} << 20;

// struct ucontext as the kernel lays it out at the trampoline's stack pointer, with gregs in the
// order of <sys/ucontext.h>.
constexpr uintptr_t kGregsInUcontext = 40;
constexpr unsigned kGregRbp = 10;
constexpr unsigned kGregRsp = 15;
constexpr unsigned kGregRip = 16;
// DWARF register number -> index in gregs.
constexpr uint8_t kGregOfDwarf[16] = {13, 12, 14, 11, 9, 8, 10, 15, 0, 1, 2, 3, 4, 5, 6, 7};

uintptr_t Plus(uintptr_t base, int64_t offset) { return base + static_cast<uintptr_t>(offset); }

StepEnd StepOverSignal(UnwindMemo& memo, FrameState& state) {
  const uintptr_t gregs = state.sp + kGregsInUcontext;
  uintptr_t pc;
  uintptr_t sp;
  uintptr_t fp;
  if (!ReadStackWord(memo, gregs + kGregRip * 8, pc) ||
      !ReadStackWord(memo, gregs + kGregRsp * 8, sp) ||
      !ReadStackWord(memo, gregs + kGregRbp * 8, fp)) {
    return StepEnd::kCut;
  }
  if (pc == 0 || (sp & 7) != 0) return StepEnd::kCut;
  state = {.return_address = pc + 1, .sp = sp, .fp = fp, .fp_slot = kBarrier, .registers = gregs};
  return StepEnd::kNone;
}

bool ReturnIsPlausible(uintptr_t return_address, bool from_unknown_code) {
  if (FindModule(return_address - 1) != 0) return true;
  // One JIT function calls another; at least the code is mapped.
  return from_unknown_code && raw::Readable(reinterpret_cast<const void*>(return_address - 1));
}

StepEnd StepByFramePointer(UnwindMemo& memo, const CachedRule& cached, FrameState& state) {
  const uintptr_t fp = state.fp;
  uintptr_t return_address;
  uintptr_t outer_fp;
  if ((fp & 7) != 0 || fp < state.sp || fp - state.sp >= kMaxFramePointerDistance)
    return StepEnd::kCut;
  if (!ReadStackWord(memo, fp, outer_fp) || !ReadStackWord(memo, fp + 8, return_address))
    return StepEnd::kCut;
  if (return_address == 0) return StepEnd::kRoot;
  const bool from_unknown_code = capture::FrameModule(cached.frame) == capture::kUnknownModule;
  if (!ReturnIsPlausible(return_address, from_unknown_code)) return StepEnd::kCut;
  state = {.return_address = return_address,
           .sp = fp + 16,
           .fp = outer_fp,
           .fp_slot = fp,
           .registers = 0};
  return StepEnd::kNone;
}

// Finishes a step whose CFA is known: reads the return address and the caller's rbp.
StepEnd ReturnTo(UnwindMemo& memo, const CfiRule& rule, uintptr_t cfa, FrameState& state) {
  uintptr_t return_address;
  if (cfa <= state.sp || !ReadStackWord(memo, cfa - 8, return_address)) return StepEnd::kCut;
  uintptr_t fp = state.fp;
  uintptr_t fp_slot = kFpUnchanged;
  if (rule.fp == FpKind::kLost) {
    fp = 0;
    fp_slot = kBarrier;
  } else if (rule.fp != FpKind::kSame) {
    const uintptr_t base = rule.fp == FpKind::kAtCfa  ? cfa
                           : rule.fp == FpKind::kAtFp ? state.fp
                                                      : state.sp;
    fp_slot = Plus(base, int64_t{rule.fp_words} * 8);
    if (!ReadStackWord(memo, fp_slot, fp)) return StepEnd::kCut;
    if (fp_slot < state.sp || fp_slot >= cfa - 8) fp_slot = kBarrier;
  }
  state = {
      .return_address = return_address, .sp = cfa, .fp = fp, .fp_slot = fp_slot, .registers = 0};
  return return_address == 0 ? StepEnd::kRoot : StepEnd::kNone;
}

// The CFA is a word on the stack. A memo would have to compare this word too, so it is a barrier.
StepEnd StepByWord(UnwindMemo& memo, const CfiRule& rule, FrameState& state) {
  const uintptr_t base = rule.cfa == CfaKind::kSpWord ? state.sp : state.fp;
  uintptr_t word;
  if (!ReadStackWord(memo, Plus(base, rule.cfa_offset), word)) return StepEnd::kCut;
  const StepEnd end = ReturnTo(memo, rule, word + uintptr_t{rule.cfa_words} * 8, state);
  state.fp_slot = kBarrier;
  return end;
}

StepEnd StepByRegister(UnwindMemo& memo, const CfiRule& rule, FrameState& state) {
  uintptr_t value;
  if (state.registers == 0) {
    const uintptr_t cfa =
        rule.cfa_words == kDwarfRbx ? FindLazyBindingCfa(memo, rule.cfa_offset, state) : 0;
    if (cfa == 0) return StepEnd::kCut;
    const StepEnd end = ReturnTo(memo, rule, cfa, state);
    state.fp_slot = kBarrier;
    return end;
  }
  if (!ReadStackWord(memo, state.registers + 8 * kGregOfDwarf[rule.cfa_words & 15], value))
    return StepEnd::kCut;
  const StepEnd end = ReturnTo(memo, rule, Plus(value, rule.cfa_offset), state);
  state.fp_slot = kBarrier;
  return end;
}

}  // namespace

__attribute__((noinline)) StepEnd StepSlow(UnwindMemo& memo, const CachedRule& cached,
                                           FrameState& state) {
  switch (cached.rule.cfa) {
    case CfaKind::kRoot:
      return StepEnd::kRoot;
    case CfaKind::kSignal:
      return StepOverSignal(memo, state);
    case CfaKind::kFramePointer:
      return StepByFramePointer(memo, cached, state);
    case CfaKind::kSpWord:
    case CfaKind::kFpWord:
      return StepByWord(memo, cached.rule, state);
    case CfaKind::kRegister:
      return StepByRegister(memo, cached.rule, state);
    case CfaKind::kSp:
      return ReturnTo(memo, cached.rule, Plus(state.sp, cached.rule.cfa_offset), state);
    case CfaKind::kFp:
      return ReturnTo(memo, cached.rule, Plus(state.fp, cached.rule.cfa_offset), state);
    case CfaKind::kNone:
      break;
  }
  return StepEnd::kCut;
}

}  // namespace leaktrack::track
