// SPDX-License-Identifier: Apache-2.0
//
// Reads the ELF header of a module where it is mapped: extent, bias, unwind tables, build-id.
//
// Promises: every field is bounds-checked, and every page is probed before it is read. A file that
// only looks like ELF, or a module that is unloaded meanwhile, yields false and no fault.
//
// Thread-safety: pure.
// Allocates: never.
// Signals: safe.
// Fork: safe.
#ifndef LEAKTRACK_LIBTRACK_PLATFORM_MODULES_LOADED_ELF_H_
#define LEAKTRACK_LIBTRACK_PLATFORM_MODULES_LOADED_ELF_H_

#include <cstdint>

#include "libtrack/platform/cfi/cfi_table.h"

namespace leaktrack::track {

struct LoadedElf {
  uintptr_t start;  // first mapped address, and (end) one past the last, from the program headers
  uintptr_t end;
  uintptr_t bias;
  CfiSection cfi;
  uint8_t build_id_size;
  uint8_t build_id[32];
};

// `base` is the address at which the file's first byte is mapped.
bool ReadLoadedElf(uintptr_t base, LoadedElf& image);

}  // namespace leaktrack::track

#endif  // LEAKTRACK_LIBTRACK_PLATFORM_MODULES_LOADED_ELF_H_
