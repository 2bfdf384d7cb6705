// SPDX-License-Identifier: Apache-2.0
//
// Runs a call frame program (CIE, then FDE instructions) up to one PC and compiles the row found
// there to a CfiRule.
//
// Promises: reads only the bytes it is given; ends on any input, damaged or hostile; the rows lie
// in memory that the caller brings, because the stack of a hook is the program's.
// Refuses: rows that a CfiRule cannot say (the rule is then kNone).
//
// Thread-safety: pure.   Allocates: never.   Signals: safe.   Fork: safe.
#ifndef LEAKTRACK_LIBTRACK_PLATFORM_CFI_CFI_PROGRAM_H_
#define LEAKTRACK_LIBTRACK_PLATFORM_CFI_CFI_PROGRAM_H_

#include <cstdint>

#include "libtrack/platform/cfi/byte_cursor.h"
#include "libtrack/platform/cfi/cfi_rule.h"

namespace leaktrack::track {

// What a row says of the three things we need.
struct CfiRow {
  enum class Saved : uint8_t { kSame = 0, kAtCfa, kAtFp, kAtSp, kUndefined, kOther };

  int32_t cfa_offset;
  int32_t fp_offset;
  int16_t cfa_addend;
  uint8_t cfa_register;
  CfaKind cfa;
  Saved fp;
  Saved ra;  // kAtCfa: at its usual place, just below the CFA
};
static_assert(sizeof(CfiRow) == 16);

// What a CIE says to all FDEs that name it. Kept from one look-up to the next: a module has two or
// three CIEs.
struct CfiCie {
  uintptr_t at;     // 0: none
  ByteCursor code;  // its instructions
  uint64_t code_alignment;
  int64_t data_alignment;
  CfiRow row;       // after its instructions
  bool understood;  // it has no others than we know
  uint8_t fde_encoding;
  bool has_augmentation;
  bool signal;
};

// Room for the compilation of one rule. Zero-initialised memory will do.
struct CfiWork {
  static constexpr unsigned kMaxRemembered = 6;  // compilers nest one deep, hand-written code two

  uint32_t map_epoch;  // state of the module map in which `cie` was read
  CfiCie cie;
  ByteCursor fde;  // what is still to be read of it
  CfiRow remembered[kMaxRemembered];
};

// Runs work.cie.code: work.cie.row and `understood`.
void RunCieProgram(CfiWork& work);

// Runs work.fde, the instructions of an FDE of work.cie whose function begins at `function_start`.
CfiRule CompileRule(CfiWork& work, uintptr_t function_start, uintptr_t pc);

}  // namespace leaktrack::track

#endif  // LEAKTRACK_LIBTRACK_PLATFORM_CFI_CFI_PROGRAM_H_
