// SPDX-License-Identifier: Apache-2.0
#include "libtrack/platform/cfi/cfi_expression.h"

namespace leaktrack::track {
namespace {

using Kind = CfiExpression::Kind;
constexpr uint8_t kPcRegister = 16;

enum Op : uint8_t {
  kOpDeref = 0x06,
  kOpConst1u = 0x08,
  kOpConst1s = 0x09,
  kOpConst2u = 0x0a,
  kOpConst2s = 0x0b,
  kOpConst4u = 0x0c,
  kOpConst4s = 0x0d,
  kOpAnd = 0x1a,
  kOpMinus = 0x1c,
  kOpPlus = 0x22,
  kOpPlusUconst = 0x23,
  kOpShl = 0x24,
  kOpGe = 0x2a,
  kOpLit0 = 0x30,
  kOpLit31 = 0x4f,
  kOpBreg0 = 0x70,
  kOpBreg31 = 0x8f,
};

CfiExpression Constant(int64_t value) { return {.kind = Kind::kConstant, .addend = value}; }

bool AddConstant(CfiExpression& to, int64_t value) {
  if (value < INT32_MIN || value > INT32_MAX) return false;
  switch (to.kind) {
    case Kind::kConstant:
    case Kind::kWordAtRegister:
      return !__builtin_add_overflow(to.addend, value, &to.addend);
    case Kind::kRegister:
      return !__builtin_add_overflow(to.offset, static_cast<int32_t>(value), &to.offset);
    case Kind::kUnknown:
      break;
  }
  return false;
}

// Pushes an operator that needs no operand from the stack. False: it is not such an operator.
bool PushLeaf(uint8_t op, ByteCursor& code, uintptr_t pc, CfiExpression& to) {
  if (op >= kOpLit0 && op <= kOpLit31) return to = Constant(op - kOpLit0), true;
  if (op >= kOpBreg0 && op <= kOpBreg31) {
    const int64_t offset = code.Sleb();
    const uint8_t reg = op - kOpBreg0;
    if (reg == kPcRegister)
      return to = Constant(static_cast<int64_t>(pc + static_cast<uint64_t>(offset))), true;
    to = {.kind = Kind::kRegister, .reg = reg};
    return AddConstant(to, offset);
  }
  switch (op) {
    case kOpConst1u:
      return to = Constant(code.Read<uint8_t>()), true;
    case kOpConst1s:
      return to = Constant(code.Read<int8_t>()), true;
    case kOpConst2u:
      return to = Constant(code.Read<uint16_t>()), true;
    case kOpConst2s:
      return to = Constant(code.Read<int16_t>()), true;
    case kOpConst4u:
      return to = Constant(code.Read<uint32_t>()), true;
    case kOpConst4s:
      return to = Constant(code.Read<int32_t>()), true;
    default:
      return false;
  }
}

bool ApplyUnary(uint8_t op, ByteCursor& code, CfiExpression& top) {
  if (op == kOpPlusUconst) return AddConstant(top, static_cast<int64_t>(code.Uleb()));
  if (op != kOpDeref || top.kind != Kind::kRegister) return false;
  top.kind = Kind::kWordAtRegister;
  top.addend = 0;
  return true;
}

bool ApplyBinary(uint8_t op, CfiExpression& left, const CfiExpression& right) {
  if (op == kOpPlus && left.kind == Kind::kConstant) {
    const int64_t value = left.addend;
    left = right;
    return AddConstant(left, value);
  }
  if (right.kind != Kind::kConstant) return false;
  if (op == kOpPlus) return AddConstant(left, right.addend);
  if (op == kOpMinus) return right.addend != INT64_MIN && AddConstant(left, -right.addend);
  if (left.kind != Kind::kConstant) return false;
  if (op == kOpAnd) return left.addend &= right.addend, true;
  if (op == kOpGe) return left.addend = left.addend >= right.addend, true;
  if (op == kOpShl && right.addend >= 0 && right.addend < 32) {
    left.addend = static_cast<int64_t>(static_cast<uint64_t>(left.addend) << right.addend);
    return true;
  }
  return false;
}

}  // namespace

CfiExpression ReduceExpression(ByteCursor code, uintptr_t pc) {
  CfiExpression stack[4];
  unsigned depth = 0;
  while (!code.AtEnd()) {
    const uint8_t op = code.Read<uint8_t>();
    if (depth < 4 && PushLeaf(op, code, pc, stack[depth])) {
      ++depth;
    } else if (depth >= 1 && (op == kOpDeref || op == kOpPlusUconst)) {
      if (!ApplyUnary(op, code, stack[depth - 1])) return {};
    } else if (depth >= 2) {
      if (!ApplyBinary(op, stack[depth - 2], stack[depth - 1])) return {};
      --depth;
    } else {
      return {};
    }
  }
  return code.ok() && depth == 1 ? stack[0] : CfiExpression{};
}

}  // namespace leaktrack::track
