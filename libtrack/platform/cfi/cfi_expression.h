// SPDX-License-Identifier: Apache-2.0
//
// Reduces a DWARF expression to the one shape that unwinding needs: register + n, or the word at
// register + n, plus m.
//
// It runs the expression symbolically, with the few operators that compilers and glibc emit for the
// CFA and for saved registers. The PC is known, so the PLT's "rsp + 8 + ((rip & 15) >= 11) * 8"
// becomes rsp + 8 or rsp + 16.
// Refuses: everything else.
//
// Thread-safety: pure.
// Allocates: never.
// Signals: safe.
// Fork: safe.
#ifndef LEAKTRACK_LIBTRACK_PLATFORM_CFI_CFI_EXPRESSION_H_
#define LEAKTRACK_LIBTRACK_PLATFORM_CFI_CFI_EXPRESSION_H_

#include <cstdint>

#include "libtrack/platform/cfi/byte_cursor.h"

namespace leaktrack::track {

struct CfiExpression {
  enum class Kind : uint8_t { kUnknown = 0, kConstant, kRegister, kWordAtRegister };
  Kind kind = Kind::kUnknown;
  uint8_t reg = 0;     // DWARF number
  int32_t offset = 0;  // added to the register
  int64_t addend = 0;  // the constant, or the value added to the word that was read
};

// `code` covers exactly the expression.
CfiExpression ReduceExpression(ByteCursor code, uintptr_t pc);

}  // namespace leaktrack::track

#endif  // LEAKTRACK_LIBTRACK_PLATFORM_CFI_CFI_EXPRESSION_H_
