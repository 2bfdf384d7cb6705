// SPDX-License-Identifier: Apache-2.0
//
// Facts in a program's file that decide whether and how it can be tracked.
//
// What: class, machine, loader, libraries, and certain names in its symbol tables.
// Why from the file: the loader ignores or refuses a preload without a useful message.
// Promises: opens regular files only, with any contents. Reads, never runs. Looks in both symbol
// tables.
// Limits: a stripped program tells less, so the absence of a name proves nothing.
//
// Thread-safety: none.
#ifndef LEAKTRACK_TOOLS_INSPECT_ELF_FACTS_H_
#define LEAKTRACK_TOOLS_INSPECT_ELF_FACTS_H_

#include <string>
#include <vector>

#include "libtrack/capture/allocators.h"

namespace leaktrack {

struct ElfFacts {
  bool is_elf = false;
  bool is_64_bit = false;
  bool is_x86_64 = false;
  bool has_dynamic = false;         // false, and no loader: statically linked
  std::string loader;               // PT_INTERP; empty: none
  std::vector<std::string> needed;  // DT_NEEDED
  bool exports_malloc = false;      // the program's own malloc comes before any preloaded one
  capture::Allocator allocator = capture::Allocator::kUnknown;  // as its definitions tell
  std::string prefixed_allocator;  // one with entry points of its own names (_rjem_malloc):
  std::string sanitizer;           // "AddressSanitizer" ...; empty: none
  bool is_go = false;
  bool has_symtab = false, has_debug_info = false;
  std::string build_id;
};

ElfFacts ReadElfFacts(const std::string& path);

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_INSPECT_ELF_FACTS_H_
