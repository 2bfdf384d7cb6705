// SPDX-License-Identifier: Apache-2.0
//
// The addresses of one DWARF unit: which function, inlined from where, on which line.
#ifndef LEAKTRACK_TOOLS_SYMBOLIZE_DWARF_UNIT_H_
#define LEAKTRACK_TOOLS_SYMBOLIZE_DWARF_UNIT_H_

#include <elfutils/libdw.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "tools/symbolize/dwarf_resolver.h"

namespace leaktrack {

// Calls `found(first, last)` with the index range of `addresses` (ascending) in each address range
// of `die`. Ranges below `lowest_code` are skipped. Returns false if the ranges cannot be read.
bool ForEachHit(Dwarf_Die* die, uint64_t lowest_code, std::span<const uint64_t> addresses,
                const std::function<void(size_t first, size_t last, uint64_t range_size)>& found);

struct UnitAnswers {
  std::vector<std::vector<DwarfFrame>> frames;  // per address
  uint64_t rows = 0;  // line rows and files that libdw decoded and now keeps
};

// `unit` is the unit's DIE, `functions` the one whose children are the functions (another one for
// split DWARF).
UnitAnswers ResolveInUnit(Dwarf_Die unit, Dwarf_Die functions, uint64_t lowest_code,
                          std::span<const uint64_t> addresses);

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_SYMBOLIZE_DWARF_UNIT_H_
