// SPDX-License-Identifier: Apache-2.0
//
// What a program's file says about whether and how it can be tracked.
//
// What: class, machine, loader, libraries, and the names in its symbol tables that matter to us.
// Why from the file: the loader ignores or refuses a preload without a word that a user could
// understand.
// Promises: regular files only, any contents; reads, never runs. Names are looked up in both symbol
// tables, so a stripped program tells less: what is not found is not denied.
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
  capture::Allocator allocator = capture::Allocator::kUnknown;  // told by what it defines
  std::string prefixed_allocator;  // one whose entry points have names of their own (_rjem_malloc):
                                   // calls are not seen
  std::string sanitizer;           // "AddressSanitizer" ...; empty: none
  bool is_go = false;
  bool has_symtab = false, has_debug_info = false;
  std::string build_id;
};

ElfFacts ReadElfFacts(const std::string& path);

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_INSPECT_ELF_FACTS_H_
