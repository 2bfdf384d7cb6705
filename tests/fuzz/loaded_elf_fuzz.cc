// SPDX-License-Identifier: Apache-2.0
//
// Fuzzes the reader of mapped ELF headers: extent, bias, build-id notes, location of the unwind
// tables.
//
// The input is mapped at the start of a page, with an unmapped page behind it, so that any read too
// far faults. Then PCs are looked up in the tables that were found, if they lie inside the mapping
// as the loader would have mapped them.
#include <sys/mman.h>

#include <cstdlib>
#include <cstring>

#include "libtrack/platform/cfi/cfi_table.h"
#include "libtrack/platform/modules/loaded_elf.h"

namespace {

using namespace leaktrack::track;  // NOLINT

constexpr size_t kPage = 4096;
constexpr size_t kMostBytes = 256 * 1024;

// One reservation for the whole run. The pages in use are made accessible for each input.
uint8_t* Reservation() {
  static void* const memory =
      mmap(nullptr, kMostBytes + kPage, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) abort();
  return static_cast<uint8_t*>(memory);
}

void Inspect(uintptr_t base, size_t bytes) {
  LoadedElf image;
  if (!ReadLoadedElf(base, image)) return;
  if (image.start > base || base >= image.end || image.build_id_size > sizeof(image.build_id))
    abort();
  const CfiSection& cfi = image.cfi;
  if (cfi.header == 0) return;
  if (cfi.header < cfi.segment_start || cfi.header_end > cfi.segment_end ||
      cfi.header_end < cfi.header)
    abort();
  if (cfi.segment_start < base || cfi.segment_end > base + bytes) return;
  CfiWork work{};
  for (uintptr_t pc = base; pc < base + bytes; pc += bytes / 16) FindRule(work, cfi, pc);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0 || size > kMostBytes) return 0;
  uint8_t* const memory = Reservation();
  const size_t bytes = (size + kPage - 1) & ~(kPage - 1);
  if (mprotect(memory, bytes, PROT_READ | PROT_WRITE) != 0) abort();
  memset(memory, 0, bytes);
  memcpy(memory, data, size);
  Inspect(reinterpret_cast<uintptr_t>(memory), bytes);
  mprotect(memory, bytes, PROT_NONE);
  return 0;
}
