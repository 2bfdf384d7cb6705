// SPDX-License-Identifier: Apache-2.0
//
// Fuzzes the readers of unwind tables: .eh_frame_hdr, CIEs, FDEs, call frame programs, DWARF
// expressions.
//
// Input: struct Start, then the segment. Code lies in another segment, so PCs may be below it. The
// segment is copied to a heap block of exactly its size, so that the address sanitizer sees any
// read past it. Checked beside "no crash": a rule found with a remembered CIE equals the rule found
// without it, and the cache's form of a rule gives the same rule back.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>

#include "libtrack/platform/cfi/cfi_expression.h"
#include "libtrack/platform/cfi/cfi_program.h"
#include "libtrack/platform/cfi/cfi_table.h"

namespace {

using namespace leaktrack::track;  // NOLINT

struct Start {
  int32_t pc;  // the first PC to look up, relative to the start of the segment
  uint16_t step;
  uint16_t header_words;  // start of .eh_frame_hdr, in words of 4 bytes
  uint16_t header_bytes;
};

// Heap memory, which is aligned like the tables of a real module.
struct Segment {
  Segment(const uint8_t* from, size_t size)
      : bytes(static_cast<uint8_t*>(malloc(size))), count(size) {
    memcpy(bytes, from, size);
  }
  ~Segment() { free(bytes); }
  Segment(const Segment&) = delete;
  Segment& operator=(const Segment&) = delete;
  uintptr_t begin() const { return reinterpret_cast<uintptr_t>(bytes); }
  uintptr_t end() const { return begin() + count; }
  uint8_t* bytes;
  size_t count;
};

void Check(const CfiRule& rule) {
  if (!(RuleWord::Of(rule).rule() == rule)) abort();
}

void LookUp(CfiWork& work, const CfiSection& section, uintptr_t pc) {
  const CfiRule rule = FindRule(work, section, pc);
  CfiWork fresh{};
  if (!(FindRule(fresh, section, pc) == rule)) abort();
  Check(rule);
}

void LookUpAll(const Segment& segment, const Start& start) {
  const uintptr_t header =
      segment.begin() + std::min<size_t>(start.header_words * 4, segment.count & ~size_t{3});
  const uintptr_t header_end = std::min<uintptr_t>(header + start.header_bytes, segment.end());
  const CfiSection section = {header, header_end, segment.begin(), segment.end()};
  CfiWork work{};
  for (uintptr_t i = 0; i < 16; ++i)
    LookUp(work, section,
           segment.begin() + static_cast<uintptr_t>(intptr_t{start.pc}) + i * start.step);
}

// Runs the bytes as instructions without tables around them, with alignments that a CIE might give.
void RunAlone(const Segment& segment, const Start& start) {
  ReduceExpression({segment.begin(), segment.end()}, start.step);
  CfiWork work{};
  work.cie.code_alignment = start.header_words;
  work.cie.data_alignment = static_cast<int16_t>(start.header_bytes);
  work.cie.code = {segment.begin(), segment.begin() + segment.count / 2};
  RunCieProgram(work);
  work.fde = {segment.begin() + segment.count / 2, segment.end()};
  Check(CompileRule(work, 100, 100 + uintptr_t{start.step}));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  Start start;
  if (size <= sizeof(start)) return 0;
  memcpy(&start, data, sizeof(start));
  const Segment segment(data + sizeof(start), size - sizeof(start));
  LookUpAll(segment, start);
  RunAlone(segment, start);
  return 0;
}
