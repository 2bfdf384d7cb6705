// SPDX-License-Identifier: Apache-2.0
//
// Function names from ELF symbol tables, for code that DWARF does not name.
//
// One pass over the symbols for all addresses at once, without a table of our own: a program has a
// million symbols and a report asks for a few hundred addresses. A symbol counts only inside its
// size, so PLT stubs and gaps stay unnamed instead of taking the name of whatever happens to lie
// before them. Of several names for one function the same is chosen every time: innermost, then
// global, then with fewer leading underscores, then shorter, then first in the alphabet ("malloc",
// not "__libc_malloc").
#ifndef LEAKTRACK_TOOLS_SYMBOLIZE_SYMBOL_TABLE_H_
#define LEAKTRACK_TOOLS_SYMBOLIZE_SYMBOL_TABLE_H_

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "tools/symbolize/elf_file.h"

namespace leaktrack {

// The mangled name, or "", for each of `addresses` (ascending). Reads .symtab, .dynsym and
// .gnu_debugdata.
std::vector<std::string> LookUpSymbols(std::span<const ElfFile* const> files,
                                       std::span<const uint64_t> addresses);

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_SYMBOLIZE_SYMBOL_TABLE_H_
