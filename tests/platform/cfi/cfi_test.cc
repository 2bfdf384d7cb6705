// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <random>
#include <vector>

#include "libtrack/platform/cfi/cfi_expression.h"
#include "libtrack/platform/cfi/cfi_program.h"
#include "libtrack/platform/cfi/cfi_table.h"

namespace leaktrack::track {
namespace {

using Bytes = std::vector<uint8_t>;

ByteCursor Cursor(const Bytes& bytes) {
  const auto begin = reinterpret_cast<uintptr_t>(bytes.data());
  return {begin, begin + bytes.size()};
}

// The usual CIE: def_cfa rsp+8, ra at cfa-8.
const Bytes kCie = {0x0c, 7, 8, 0x90, 1};

CfiRule RuleAt(const Bytes& fde, uintptr_t pc) {
  CfiWork work{};
  work.cie.code_alignment = 1;
  work.cie.data_alignment = -8;
  work.cie.code = Cursor(kCie);
  RunCieProgram(work);
  EXPECT_TRUE(work.cie.understood);
  work.fde = Cursor(fde);
  return CompileRule(work, 100, pc);
}

TEST(CfiProgramTest, RunsUpToThePcAndNoFurther) {
  const Bytes push_rbp = {0x41, 0x0e, 16,   0x86,
                          2,    0x43, 0x0d, 6};  // +1: rsp+16, rbp at cfa-16; +3: cfa by rbp
  EXPECT_EQ(RuleAt(push_rbp, 100), (CfiRule{.cfa_offset = 8, .cfa = CfaKind::kSp}));
  const CfiRule after_push = {
      .cfa_offset = 16, .fp_words = -2, .cfa = CfaKind::kSp, .fp = FpKind::kAtCfa};
  EXPECT_EQ(RuleAt(push_rbp, 101), after_push);
  EXPECT_EQ(RuleAt(push_rbp, 103), after_push);
  EXPECT_EQ(RuleAt(push_rbp, 104).cfa, CfaKind::kFp);
}

TEST(CfiProgramTest, RestoresWhatItRemembered) {
  const Bytes epilogue = {0x0e, 32, 0x0a, 0x41, 0x0e, 8, 0x41, 0x0b};
  EXPECT_EQ(RuleAt(epilogue, 101).cfa_offset, 8);
  EXPECT_EQ(RuleAt(epilogue, 102).cfa_offset, 32);
}

TEST(CfiProgramTest, AnUndefinedReturnAddressIsTheRoot) {
  EXPECT_EQ(RuleAt({0x07, 16}, 100).cfa, CfaKind::kRoot);
}

TEST(CfiProgramTest, ARealignedStackFindsItsCfaInAWord) {
  const Bytes realigned = {0x10, 6, 2,    0x76, 0,
                           0x0f, 3, 0x76, 0x78, 6};  // rbp at [rbp]; cfa = word at rbp-8
  EXPECT_EQ(
      RuleAt(realigned, 100),
      (CfiRule{.cfa_offset = -8, .fp_words = 0, .cfa = CfaKind::kFpWord, .fp = FpKind::kAtFp}));
}

TEST(CfiProgramTest, RefusesWhatARuleCannotSay) {
  EXPECT_EQ(RuleAt({0x09, 16, 1}, 100).cfa, CfaKind::kNone);  // return address in a register
  EXPECT_EQ(RuleAt({0x90, 3}, 100).cfa, CfaKind::kNone);  // return address elsewhere on the stack
  EXPECT_EQ(RuleAt({0x0f, 1, 0x96}, 100).cfa, CfaKind::kNone);  // unknown operator
  EXPECT_EQ(RuleAt({0x0b}, 100).cfa, CfaKind::kNone);           // nothing remembered
  EXPECT_EQ(RuleAt({0x3f}, 100).cfa, CfaKind::kNone);           // unknown instruction
  EXPECT_EQ(RuleAt({0x0e}, 100).cfa, CfaKind::kNone);           // cut off
}

TEST(CfiProgramTest, AnyBytesEnd) {
  std::mt19937 random(20240817);
  for (int round = 0; round < 20'000; ++round) {
    Bytes bytes(random() % 40);
    for (uint8_t& byte : bytes) byte = static_cast<uint8_t>(random());
    RuleAt(bytes, 100 + random() % 64);
  }
}

TEST(CfiExpressionTest, ThePltExpressionDependsOnThePc) {
  const Bytes plt = {0x77, 8, 0x80, 0, 0x3f, 0x1a, 0x3b, 0x2a, 0x33, 0x24, 0x22};
  EXPECT_EQ(ReduceExpression(Cursor(plt), 0x100a).offset, 8);
  EXPECT_EQ(ReduceExpression(Cursor(plt), 0x100b).offset, 16);
  EXPECT_EQ(ReduceExpression(Cursor(plt), 0x100b).kind, CfiExpression::Kind::kRegister);
}

// A module's unwind tables in memory: header, one CIE, one FDE for [code, code + 16).
struct Tables {
  alignas(8) uint8_t bytes[256] = {};
  uintptr_t base() const { return reinterpret_cast<uintptr_t>(bytes); }
  uintptr_t code() const { return base() + 128; }
  CfiSection section() const { return {base(), base() + 20, base(), base() + sizeof(bytes)}; }

  void Put(size_t at, uint32_t value) { memcpy(bytes + at, &value, 4); }

  Tables() {
    const uint8_t header[] = {1, 0x1b, 3, 0x3b};
    memcpy(bytes, header, 4);
    Put(4, 24 - 4);
    Put(8, 1);
    Put(12, 128);
    Put(16, 56);
    Put(24, 20);  // CIE: length, id 0, version 1, "zR", aligns, ra, augmentation
    const uint8_t cie[] = {1, 'z', 'R', 0, 1, 0x78, 16, 1, 0x1b, 0x0c, 7, 8, 0x90, 1};
    memcpy(bytes + 32, cie, sizeof(cie));
    Put(56, 20);  // FDE
    Put(60, 60 - 24);
    Put(64, 128 - 64);
    Put(68, 16);
    const uint8_t fde[] = {0, 0x44, 0x0e, 16};
    memcpy(bytes + 72, fde, sizeof(fde));
  }
};

CfiRule FindAnew(const CfiSection& section, uintptr_t pc) {
  CfiWork work{};
  return FindRule(work, section, pc);
}

TEST(CfiTableTest, ACieIsReadOnce) {
  Tables tables;
  CfiWork work{};
  EXPECT_EQ(FindRule(work, tables.section(), tables.code()).cfa_offset, 8);
  const uintptr_t at = work.cie.at;
  EXPECT_NE(at, 0U);
  work.cie.row.cfa_offset = 24;  // a second read would reset it to 8
  EXPECT_EQ(FindRule(work, tables.section(), tables.code()).cfa_offset, 24);
  EXPECT_EQ(work.cie.at, at);
}

TEST(CfiTableTest, FindsTheRuleThroughTheSortedTable) {
  const Tables tables;
  EXPECT_EQ(FindAnew(tables.section(), tables.code()).cfa_offset, 8);
  EXPECT_EQ(FindAnew(tables.section(), tables.code() + 4).cfa_offset, 16);
  EXPECT_EQ(FindAnew(tables.section(), tables.code() + 16).cfa, CfaKind::kFramePointer);
  EXPECT_EQ(FindAnew(tables.section(), tables.code() - 1).cfa, CfaKind::kFramePointer);
  EXPECT_EQ(FindAnew({}, tables.code()).cfa, CfaKind::kFramePointer);
}

TEST(CfiTableTest, DamagedTablesNeverLeadOutsideTheirSegment) {
  // Meant for the sanitizers as well: the tables are a stack object with red zones.
  const Tables good;
  for (size_t at = 0; at < 80; ++at) {
    for (int value : {0, 1, 0x7f, 0x80, 0xff, good.bytes[at] ^ 1, good.bytes[at] ^ 0x10}) {
      Tables damaged;
      damaged.bytes[at] = static_cast<uint8_t>(value);
      FindAnew(damaged.section(), damaged.code() + 5);
    }
  }
}

}  // namespace
}  // namespace leaktrack::track
