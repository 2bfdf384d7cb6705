// SPDX-License-Identifier: Apache-2.0
//
// Functions, inline chains and lines of many addresses of one file, from its DWARF.
//
// Debug information of a large program is gigabytes, so cost follows the question, not the file:
// one pass over the unit headers keeps only the units that hold a wanted address (their own range
// lists are asked, not .debug_aranges, which clang does not write); each of those is walked once,
// for all its addresses, and never again. libdw keeps what it has decoded until it is closed, so
// after a few million line rows it is closed and opened anew: memory stays flat. Bounded work on
// damaged input: depth, ranges and rows have limits; what cannot be read is left unresolved.
#ifndef LEAKTRACK_TOOLS_SYMBOLIZE_DWARF_RESOLVER_H_
#define LEAKTRACK_TOOLS_SYMBOLIZE_DWARF_RESOLVER_H_

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "tools/symbolize/elf_file.h"

namespace leaktrack {

struct DwarfFrame {
  std::string function;     // mangled if is_linkage, else the plain name
  bool is_linkage = false;  // the name is the one the linker sees; false also where C++ gave none
  bool is_plain_c = false;  // the unit's language does not mangle: `function` is complete as it is
  std::string file;
  uint32_t line = 0;
};

struct DwarfAnswers {
  std::vector<std::vector<DwarfFrame>>
      frames;           // per address: innermost first; empty where nothing is known
  std::string problem;  // of the whole file; empty if all was well
};

// `addresses` ascending. `lowest_code` of the file that ran: ranges below it belong to functions
// the linker dropped.
DwarfAnswers ResolveWithDwarf(const ElfFile& file, uint64_t lowest_code,
                              std::span<const uint64_t> addresses);

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_SYMBOLIZE_DWARF_RESOLVER_H_
