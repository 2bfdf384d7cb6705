// SPDX-License-Identifier: Apache-2.0
#include "libtrack/platform/cfi/cfi_program.h"

#include "libtrack/platform/cfi/cfi_expression.h"

namespace leaktrack::track {
namespace {

constexpr uint8_t kRbp = 6;
constexpr uint8_t kRsp = 7;
constexpr uint8_t kRa = 16;

enum Cfa : uint8_t {
  kCfaNop = 0x00,
  kCfaAdvanceLoc1 = 0x02,
  kCfaAdvanceLoc2 = 0x03,
  kCfaAdvanceLoc4 = 0x04,
  kCfaOffsetExtended = 0x05,
  kCfaRestoreExtended = 0x06,
  kCfaUndefined = 0x07,
  kCfaSameValue = 0x08,
  kCfaRegister = 0x09,
  kCfaRememberState = 0x0a,
  kCfaRestoreState = 0x0b,
  kCfaDefCfa = 0x0c,
  kCfaDefCfaRegister = 0x0d,
  kCfaDefCfaOffset = 0x0e,
  kCfaDefCfaExpression = 0x0f,
  kCfaExpression = 0x10,
  kCfaOffsetExtendedSf = 0x11,
  kCfaDefCfaSf = 0x12,
  kCfaDefCfaOffsetSf = 0x13,
  kCfaValOffset = 0x14,
  kCfaValOffsetSf = 0x15,
  kCfaValExpression = 0x16,
  kCfaGnuArgsSize = 0x2e,
  // The upper two bits; the lower six are the operand:
  kCfaAdvanceLoc = 0x40,
  kCfaOffset = 0x80,
  kCfaRestore = 0xc0,
};

using Saved = CfiRow::Saved;

constexpr CfiRow kFirstRow = {.cfa_offset = 0,
                              .fp_offset = 0,
                              .cfa_addend = 0,
                              .cfa_register = 0,
                              .cfa = CfaKind::kNone,
                              .fp = Saved::kSame,
                              .ra = Saved::kAtCfa};

class Machine {
 public:
  Machine(CfiWork& work, const CfiRow& row, uintptr_t start, uintptr_t pc)
      : work_(work), pc_(pc), location_(start), row_(row) {}

  bool Run(ByteCursor& code);
  const CfiRow& row() const { return row_; }

 private:
  bool Step(ByteCursor& code, uint8_t op);
  bool StepExtended(ByteCursor& code, uint8_t op);
  bool Advance(uint64_t units) {
    location_ += units * work_.cie.code_alignment;
    return location_ <= pc_;
  }
  int64_t Factored(int64_t value) const {
    int64_t result;
    return __builtin_mul_overflow(value, work_.cie.data_alignment, &result) ? INT64_MAX : result;
  }
  void Save(uint64_t reg, Saved where, int64_t offset = 0);
  void Restore(uint64_t reg);
  void DefineCfa(uint64_t reg, int64_t offset);
  void DefineCfaExpression(const CfiExpression& expression);
  void SaveByExpression(uint64_t reg, const CfiExpression& expression);
  CfiExpression ReadExpression(ByteCursor& code);

  CfiWork& work_;
  const uintptr_t pc_;
  uintptr_t location_;
  CfiRow row_;
  unsigned remembered_count_ = 0;
  bool past_pc_ = false;
};

inline void Machine::Save(uint64_t reg, Saved where, int64_t offset) {
  if (reg == kRa) {
    row_.ra = where == Saved::kAtCfa && offset != -8 ? Saved::kOther : where;
  } else if (reg == kRbp) {
    const bool fits = offset >= INT32_MIN && offset <= INT32_MAX;
    row_.fp = fits ? where : Saved::kOther;
    row_.fp_offset = static_cast<int32_t>(offset);
  }
}

void Machine::Restore(uint64_t reg) {
  if (reg == kRa) row_.ra = work_.cie.row.ra;
  if (reg != kRbp) return;
  row_.fp = work_.cie.row.fp;
  row_.fp_offset = work_.cie.row.fp_offset;
}

void Machine::DefineCfa(uint64_t reg, int64_t offset) {
  row_.cfa = CfaKind::kNone;
  if (reg >= kRa || offset < INT32_MIN || offset > INT32_MAX) return;
  row_.cfa = reg == kRsp ? CfaKind::kSp : reg == kRbp ? CfaKind::kFp : CfaKind::kRegister;
  row_.cfa_register = static_cast<uint8_t>(reg);
  row_.cfa_offset = static_cast<int32_t>(offset);
  row_.cfa_addend = 0;
}

void Machine::DefineCfaExpression(const CfiExpression& expression) {
  row_.cfa = CfaKind::kNone;
  if (expression.kind == CfiExpression::Kind::kRegister)
    return DefineCfa(expression.reg, expression.offset);
  if (expression.kind != CfiExpression::Kind::kWordAtRegister) return;
  if (expression.addend < 0 || expression.addend > 8 * 31 || expression.addend % 8 != 0) return;
  if (expression.reg != kRsp && expression.reg != kRbp) return;
  row_.cfa = expression.reg == kRsp ? CfaKind::kSpWord : CfaKind::kFpWord;
  row_.cfa_offset = expression.offset;
  row_.cfa_addend = static_cast<int16_t>(expression.addend);
}

void Machine::SaveByExpression(uint64_t reg, const CfiExpression& expression) {
  Saved where = Saved::kOther;
  if (expression.kind == CfiExpression::Kind::kRegister && expression.reg == kRbp)
    where = Saved::kAtFp;
  if (expression.kind == CfiExpression::Kind::kRegister && expression.reg == kRsp)
    where = Saved::kAtSp;
  Save(reg, where, expression.offset);
}

CfiExpression Machine::ReadExpression(ByteCursor& code) {
  const uint64_t length = code.Uleb();
  const uintptr_t start = code.at();
  code.Skip(length);
  return code.ok() ? ReduceExpression(ByteCursor(start, start + length), pc_) : CfiExpression{};
}

bool Machine::StepExtended(ByteCursor& code, uint8_t op) {
  const uint64_t reg = code.Uleb();
  switch (op) {
    case kCfaOffsetExtended:
      return Save(reg, Saved::kAtCfa, Factored(static_cast<int64_t>(code.Uleb()))), true;
    case kCfaOffsetExtendedSf:
      return Save(reg, Saved::kAtCfa, Factored(code.Sleb())), true;
    case kCfaRestoreExtended:
      return Restore(reg), true;
    case kCfaUndefined:
      return Save(reg, Saved::kUndefined), true;
    case kCfaSameValue:
      return Save(reg, Saved::kSame), true;
    case kCfaRegister:
      return code.Uleb(), Save(reg, Saved::kOther), true;
    case kCfaDefCfa:
      return DefineCfa(reg, static_cast<int64_t>(code.Uleb())), true;
    case kCfaDefCfaSf:
      return DefineCfa(reg, Factored(code.Sleb())), true;
    case kCfaExpression:
      return SaveByExpression(reg, ReadExpression(code)), true;
    case kCfaValOffset:
    case kCfaValOffsetSf:
      return code.Uleb(), Save(reg, Saved::kOther), true;
    case kCfaValExpression:
      return ReadExpression(code), Save(reg, Saved::kOther), true;
    default:
      return false;
  }
}

bool Machine::Step(ByteCursor& code, uint8_t op) {
  const uint8_t operand = op & 0x3f;
  switch (op & 0xc0) {
    case kCfaAdvanceLoc:
      return past_pc_ = !Advance(operand), true;
    case kCfaOffset:
      return Save(operand, Saved::kAtCfa, Factored(static_cast<int64_t>(code.Uleb()))), true;
    case kCfaRestore:
      return Restore(operand), true;
  }
  switch (op) {
    case kCfaNop:
      return true;
    case kCfaAdvanceLoc1:
      return past_pc_ = !Advance(code.Read<uint8_t>()), true;
    case kCfaAdvanceLoc2:
      return past_pc_ = !Advance(code.Read<uint16_t>()), true;
    case kCfaAdvanceLoc4:
      return past_pc_ = !Advance(code.Read<uint32_t>()), true;
    case kCfaRememberState:
      if (remembered_count_ == CfiWork::kMaxRemembered) return false;
      work_.remembered[remembered_count_++] = row_;
      return true;
    case kCfaRestoreState:
      if (remembered_count_ == 0) return false;
      row_ = work_.remembered[--remembered_count_];
      return true;
    case kCfaDefCfaRegister:
      return DefineCfa(code.Uleb(), row_.cfa_offset), true;
    case kCfaDefCfaOffset:
      return DefineCfa(row_.cfa_register, static_cast<int64_t>(code.Uleb())), true;
    case kCfaDefCfaOffsetSf:
      return DefineCfa(row_.cfa_register, Factored(code.Sleb())), true;
    case kCfaDefCfaExpression:
      return DefineCfaExpression(ReadExpression(code)), true;
    case kCfaGnuArgsSize:
      return code.Uleb(), true;
    default:
      return StepExtended(code, op);
  }
}

bool Machine::Run(ByteCursor& code) {
  while (!past_pc_ && !code.AtEnd()) {
    const uint8_t op = code.Read<uint8_t>();
    if (!Step(code, op)) return false;
  }
  return code.ok();
}

bool FpOf(const CfiRow& row, CfiRule& rule) {
  rule.fp = FpKind::kLost;
  switch (row.fp) {
    case Saved::kSame:
      rule.fp = FpKind::kSame;
      return true;
    case Saved::kUndefined:
    case Saved::kOther:
      return true;
    case Saved::kAtCfa:
      rule.fp = FpKind::kAtCfa;
      break;
    case Saved::kAtFp:
      rule.fp = FpKind::kAtFp;
      break;
    case Saved::kAtSp:
      rule.fp = FpKind::kAtSp;
      break;
  }
  const int32_t words = row.fp_offset / 8;
  if (row.fp_offset % 8 != 0 || words != static_cast<int16_t>(words)) return false;
  rule.fp_words = static_cast<int16_t>(words);
  return true;
}

CfiRule Compile(const CfiRow& row) {
  CfiRule rule;
  if (row.ra == Saved::kUndefined) {
    rule.cfa = CfaKind::kRoot;
    return rule;
  }
  if (row.ra != Saved::kAtCfa || row.cfa == CfaKind::kNone || !FpOf(row, rule)) return CfiRule{};
  rule.cfa = row.cfa;
  rule.cfa_offset = row.cfa_offset;
  rule.cfa_words =
      static_cast<uint8_t>(row.cfa == CfaKind::kRegister ? row.cfa_register : row.cfa_addend / 8);
  return rule;
}

}  // namespace

__attribute__((noinline)) void RunCieProgram(CfiWork& work) {
  work.cie.row = kFirstRow;
  Machine machine(work, kFirstRow, 0, UINTPTR_MAX);
  work.cie.understood = machine.Run(work.cie.code);
  work.cie.row = machine.row();
}

__attribute__((noinline)) CfiRule CompileRule(CfiWork& work, uintptr_t function_start,
                                              uintptr_t pc) {
  Machine machine(work, work.cie.row, function_start, pc);
  return machine.Run(work.fde) ? Compile(machine.row()) : CfiRule{};
}

}  // namespace leaktrack::track
