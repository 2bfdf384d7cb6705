// SPDX-License-Identifier: Apache-2.0
//
// Fuzzes what is read of a program's file before it is run: facts by its headers and symbols, and
// the suppressions that its code returns. libelf is the distribution's: not instrumented.
//
// Held beside "no crash": a file without ELF's first bytes has no facts and no suppressions.
#include <cstdint>
#include <cstdlib>
#include <cstring>

#include "tests/fuzz/input_file.h"
#include "tools/inspect/elf_facts.h"
#include "tools/inspect/lsan_suppressions.h"

namespace {

using namespace leaktrack;  // NOLINT

constexpr size_t kMostText = 1 << 20;

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const InputFile file;
  file.Write({reinterpret_cast<const char*>(data), size});
  const bool begins_as_elf = size >= 4 && memcmp(data,
                                                 "\x7f"
                                                 "ELF",
                                                 4) == 0;
  const ElfFacts facts = ReadElfFacts(file.path());
  const auto suppressions = LsanDefaultSuppressions(file.path());
  if (facts.is_elf && !begins_as_elf) abort();
  if (suppressions.ok() && suppressions->size() > kMostText) abort();
  if (!begins_as_elf && suppressions.ok() && !suppressions->empty()) abort();
  return 0;
}
