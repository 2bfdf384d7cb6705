// SPDX-License-Identifier: Apache-2.0
//
// Runs a call frame program (CIE, then FDE instructions) up to one PC and compiles the row found there to a CfiRule.
//
// Promises: reads only the bytes it is given; ends on any input, damaged or hostile; under 400 bytes of stack.
// Refuses: rows that a CfiRule cannot say (the rule is then kNone).
//
// Thread-safety: pure.   Allocates: never.   Signals: safe.   Fork: safe.
#ifndef LEAKTRACK_LIBTRACK_PLATFORM_CFI_PROGRAM_H_
#define LEAKTRACK_LIBTRACK_PLATFORM_CFI_PROGRAM_H_

#include <cstdint>

#include "libtrack/platform/byte_cursor.h"
#include "libtrack/platform/cfi_rule.h"

namespace leaktrack::track {

struct CfiProgram {
  ByteCursor cie_code;
  ByteCursor fde_code;
  uint64_t code_alignment;
  int64_t data_alignment;
  uintptr_t function_start;
};

CfiRule CompileRule(const CfiProgram& program, uintptr_t pc);

}  // namespace leaktrack::track

#endif  // LEAKTRACK_LIBTRACK_PLATFORM_CFI_PROGRAM_H_
