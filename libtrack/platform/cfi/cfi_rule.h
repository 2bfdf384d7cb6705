// SPDX-License-Identifier: Apache-2.0
//
// One CFI row compiled to 8 bytes: how to get from a frame to its caller.
//
// A rule says where the caller's stack pointer (the CFA) is and where its rbp was saved. Why this
// is enough: we looked at libc, ld.so, libstdc++, libruby, libpython, redis, jemalloc and clang. In
// every row at a call site the CFA is rsp + n or rbp + n, or (realigned stacks, hand-written
// crypto) in a word on the stack. The return address always lies just below the CFA.
// Refuses: any other row (kNone). The walk is then cut; it never guesses.
#ifndef LEAKTRACK_LIBTRACK_PLATFORM_CFI_CFI_RULE_H_
#define LEAKTRACK_LIBTRACK_PLATFORM_CFI_CFI_RULE_H_

#include <bit>
#include <cstdint>

namespace leaktrack::track {

enum class CfaKind : uint8_t {
  kNone = 0,  // not expressible: cut
  kSp,        // rsp + cfa_offset
  kFp,        // rbp + cfa_offset
  kSpWord,    // word at rsp + cfa_offset, plus 8 * cfa_words
  kFpWord,    // word at rbp + cfa_offset, plus 8 * cfa_words
  // Register number cfa_words, + cfa_offset. In a frame that a signal interrupted, or in the
  // loader's trampoline.
  kRegister,
  kSignal,        // a signal trampoline: the caller's registers are in the ucontext at rsp
  kRoot,          // the outermost frame
  kFramePointer,  // no CFI here: follow rbp while it is plausible
};

enum class FpKind : uint8_t {
  kSame = 0,  // the caller's rbp is still in rbp
  kAtCfa,     // saved at CFA + 8 * fp_words
  kAtFp,      // saved at rbp + 8 * fp_words
  kAtSp,      // saved at rsp + 8 * fp_words
  kLost,      // unknown
};

struct CfiRule {
  int32_t cfa_offset = 0;
  int16_t fp_words = 0;
  CfaKind cfa = CfaKind::kNone;
  FpKind fp : 3 = FpKind::kSame;
  uint8_t cfa_words : 5 = 0;

  friend bool operator==(const CfiRule& a, const CfiRule& b) { return Pack(a) == Pack(b); }
  static uint64_t Pack(const CfiRule& rule) { return std::bit_cast<uint64_t>(rule); }
  static CfiRule Unpack(uint64_t word) { return std::bit_cast<CfiRule>(word); }
};
static_assert(sizeof(CfiRule) == 8, "the rule cache stores a rule as one word");

// A plain rule needs no check of its offsets when it is applied. Its CFA is rsp or rbp plus whole
// words, and lies above rsp if it is counted from rsp. rbp is unchanged, or was saved in the frame
// below the return address. Nearly every rule is plain.
inline bool IsPlain(const CfiRule& rule) {
  const int64_t words = rule.cfa_offset / 8;
  if (rule.cfa_offset % 8 != 0 || (rule.cfa != CfaKind::kSp && rule.cfa != CfaKind::kFp))
    return false;
  if (rule.cfa == CfaKind::kSp && words < 1) return false;
  if (rule.fp == FpKind::kSame) return true;
  if (rule.fp != FpKind::kAtCfa || rule.fp_words > -2 || rule.fp_words < -4096) return false;
  return rule.cfa == CfaKind::kFp || words + rule.fp_words >= 0;
}

// The form in which the cache stores a rule. The CFA's offset is in the upper half, where one shift
// extracts it. The bits that are tested are in the lower half.
struct RuleWord {
  static constexpr uint64_t kFromFp = uint64_t{1} << 17;  // plain rules: CfaKind::kFp, not kSp
  static constexpr uint64_t kPlain = uint64_t{1} << 23;   // IsPlain; no CfaKind uses this bit
  // Plain rules: FpKind::kAtCfa, not kSame.
  static constexpr uint64_t kFpSaved = uint64_t{1} << 24;

  uint64_t bits;

  static RuleWord Of(const CfiRule& rule) {
    return {std::rotl(CfiRule::Pack(rule), 32) | (IsPlain(rule) ? kPlain : 0)};
  }
  CfiRule rule() const { return CfiRule::Unpack(std::rotl(bits & ~kPlain, 32)); }
  bool plain() const { return (bits & kPlain) != 0; }
  bool from_fp() const { return (bits & kFromFp) != 0; }
  bool fp_saved() const { return (bits & kFpSaved) != 0; }
  uintptr_t cfa_offset() const { return static_cast<uintptr_t>(static_cast<int64_t>(bits) >> 32); }
  uintptr_t fp_offset() const {
    return static_cast<uintptr_t>(intptr_t{static_cast<int16_t>(bits)} * 8);
  }
};
static_assert(static_cast<unsigned>(CfaKind::kSp) == 1 &&
                  static_cast<unsigned>(CfaKind::kFp) == 2 &&
                  static_cast<unsigned>(FpKind::kAtCfa) == 1,
              "RuleWord tests single bits of these");

}  // namespace leaktrack::track

#endif  // LEAKTRACK_LIBTRACK_PLATFORM_CFI_CFI_RULE_H_
