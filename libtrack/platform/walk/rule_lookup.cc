// SPDX-License-Identifier: Apache-2.0
#include "libtrack/platform/walk/rule_lookup.h"

#include <cstdint>
#include <initializer_list>

#include "libtrack/platform/cfi/cfi_table.h"
#include "libtrack/platform/modules/module_map.h"
#include "libtrack/platform/modules/module_pins.h"
#include "libtrack/platform/os/raw.h"

namespace leaktrack::track {
namespace {

bool TablesReadable(const CfiSection& cfi) {
  return raw::Readable(reinterpret_cast<const void*>(cfi.header));
}

bool IsTrampoline(const CfiRule& rule) {
  return rule.cfa == CfaKind::kSignal || rule.cfa == CfaKind::kRoot;
}

uint8_t CodeByte(uintptr_t address) {
  uint8_t byte;
  __asm__ volatile("movb %1, %0" : "=q"(byte) : "m"(*reinterpret_cast<const uint8_t*>(address)));
  return byte;
}

// True if a call may end just before `return_address`. Also true if those bytes lie on another
// page, which may not be mapped.
bool MayFollowCall(uintptr_t return_address) {
  if ((return_address & 4095) < 7 || CodeByte(return_address - 5) == 0xe8) return true;
  for (const unsigned length : {2, 3, 4, 6, 7}) {
    const bool indirect = CodeByte(return_address - length) == 0xff;
    if (indirect && (CodeByte(return_address - length + 1) >> 3 & 7) == 2) return true;
  }
  return false;
}

CachedRule At(const ModuleView& module, uintptr_t pc, CfiRule rule) {
  return {.frame = capture::MakeFrame(module.number, pc - module.bias), .rule = rule};
}

// The rule if there is no CFI at `pc`. A trampoline (of a signal, of makecontext) is entered by a
// return and not by a call, at its first instruction. The instruction before it may have no CFI and
// is not the right place to look. A function that nobody has called is where a handmade stack
// begins: glibc does not mark __start_context as a root. This function is separate to keep the
// stack small on the path that finds all other rules.
[[gnu::noinline]] CachedRule RuleWithoutFde(CfiWork& work, const ModuleView& module, uintptr_t pc) {
  const CfiRule entered = FindRule(work, module.cfi, pc + 1);
  if (IsTrampoline(entered)) return At(module, pc + 1, entered);
  if (entered.cfa != CfaKind::kFramePointer && !MayFollowCall(pc + 1))
    return At(module, pc + 1, CfiRule{.cfa = CfaKind::kRoot});
  return At(module, pc, CfiRule{.cfa = CfaKind::kFramePointer});
}

CachedRule RuleIn(CfiWork& work, const ModuleView& module, uintptr_t pc) {
  const CfiRule rule = FindRule(work, module.cfi, pc);
  if (rule.cfa == CfaKind::kFramePointer) return RuleWithoutFde(work, module, pc);
  return At(module, rule.cfa == CfaKind::kSignal ? pc + 1 : pc, rule);
}

void Keep(uintptr_t pc, const CachedRule& rule, uint32_t epoch) {
  // A refresh since the look-up may have moved the address to another module.
  if (epoch == ModuleMapEpoch()) g_rule_cache.Insert(pc, rule);
}

// The look-ups are entered by tail calls, with one module view each, because stack is scarce here.
__attribute__((noinline)) CachedRule LookUpPinned(CfiWork& work, uintptr_t pc, uint32_t epoch) {
  const ModulePin pin;
  // After the pin, because before it the module may be unloaded.
  const ModuleView module = ViewModule(pc);
  // glibc unloads its own plug-ins (gconv, nss) without dlclose, so a pin alone is not enough.
  if (!pin.held() || module.number == 0 ||
      (module.cfi.header != 0 && !TablesReadable(module.cfi))) {
    return At(module, pc, CfiRule{});
  }
  const CachedRule rule = RuleIn(work, module, pc);
  Keep(pc, rule, epoch);
  return rule;
}

__attribute__((noinline)) CachedRule LookUpPermanent(CfiWork& work, uintptr_t pc, uint32_t epoch) {
  const ModuleView module = ViewModule(pc);
  if (UnloadWindowOpen() && module.cfi.header != 0 && !TablesReadable(module.cfi))
    return At(module, pc, CfiRule{});
  const CachedRule rule = RuleIn(work, module, pc);
  Keep(pc, rule, epoch);
  return rule;
}

__attribute__((noinline)) bool IsPermanent(uintptr_t pc) { return ViewModule(pc).from_startup; }

__attribute__((noinline)) CachedRule LookUpUnknown(uintptr_t pc, bool settled, uint32_t epoch) {
  const CachedRule rule = {.frame = capture::MakeFrame(capture::kUnknownModule, pc),
                           .rule = CfiRule{.cfa = CfaKind::kFramePointer}};
  if (settled) Keep(pc, rule, epoch);
  return rule;
}

}  // namespace

__attribute__((noinline)) CachedRule LookUpRuleCold(CfiWork& work, uintptr_t pc) {
  uint32_t epoch = ModuleMapEpoch();
  if (FindModule(pc) == 0) {
    const UnknownAddress answer = RefreshForUnknown(pc);
    epoch = ModuleMapEpoch();
    if (FindModule(pc) == 0) return LookUpUnknown(pc, answer != UnknownAddress::kTooSoon, epoch);
  }
  if (work.map_epoch != epoch) {
    work.cie.at = 0;  // another module may be mapped there
    work.map_epoch = epoch;
  }
  return IsPermanent(pc) ? LookUpPermanent(work, pc, epoch) : LookUpPinned(work, pc, epoch);
}

}  // namespace leaktrack::track
