// SPDX-License-Identifier: Apache-2.0
//
// Runs a call frame program (the CIE's instructions, then the FDE's) up to one PC, and compiles the
// row found there to a CfiRule.
//
// Promises: it reads only the bytes that it is given. It ends on any input, damaged or hostile. The
// rows lie in memory that the caller provides, because the stack of a hook belongs to the program.
// Refuses: rows that a CfiRule cannot express (the rule is then kNone).
//
// Thread-safety: pure.
// Allocates: never.
// Signals: safe.
// Fork: safe.
#ifndef LEAKTRACK_LIBTRACK_PLATFORM_CFI_CFI_PROGRAM_H_
#define LEAKTRACK_LIBTRACK_PLATFORM_CFI_CFI_PROGRAM_H_

#include <cstdint>

#include "libtrack/platform/cfi/byte_cursor.h"
#include "libtrack/platform/cfi/cfi_rule.h"

namespace leaktrack::track {

// What a row says about the three things that we need: the CFA, rbp and the return address.
struct CfiRow {
  enum class Saved : uint8_t { kSame = 0, kAtCfa, kAtFp, kAtSp, kUndefined, kOther };

  int32_t cfa_offset;
  int32_t fp_offset;
  int16_t cfa_addend;
  uint8_t cfa_register;
  CfaKind cfa;
  Saved fp;
  Saved ra;  // kAtCfa: in its usual slot, just below the CFA
};
static_assert(sizeof(CfiRow) == 16);

// What a CIE says to all FDEs that refer to it. It is kept from one look-up to the next, because a
// module has only two or three CIEs.
struct CfiCie {
  uintptr_t at;     // 0: none
  ByteCursor code;  // its instructions
  uint64_t code_alignment;
  int64_t data_alignment;
  CfiRow row;       // after the CIE's instructions
  bool understood;  // all its instructions are known
  uint8_t fde_encoding;
  bool has_augmentation;
  bool signal;
};

// Memory for compiling one rule. Zero-initialised memory is valid.
struct CfiWork {
  static constexpr unsigned kMaxRemembered = 6;  // compilers nest one deep, hand-written code two

  uint32_t map_epoch;  // epoch of the module map in which `cie` was read
  CfiCie cie;
  ByteCursor fde;  // the part that is still to be read
  CfiRow remembered[kMaxRemembered];
};

// Runs work.cie.code. Sets work.cie.row and `understood`.
void RunCieProgram(CfiWork& work);

// Runs work.fde: the instructions of an FDE of work.cie for the function at `function_start`.
CfiRule CompileRule(CfiWork& work, uintptr_t function_start, uintptr_t pc);

}  // namespace leaktrack::track

#endif  // LEAKTRACK_LIBTRACK_PLATFORM_CFI_CFI_PROGRAM_H_
