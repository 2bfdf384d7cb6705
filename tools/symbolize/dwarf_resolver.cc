// SPDX-License-Identifier: Apache-2.0
#include "tools/symbolize/dwarf_resolver.h"

#include <dwarf.h>
#include <elfutils/libdw.h>

#include <algorithm>
#include <map>
#include <memory>

#include "tools/symbolize/dwarf_unit.h"

namespace leaktrack {
namespace {

// libdw keeps about 50 bytes for each decoded line row: 2 million are 100 MB.
constexpr uint64_t kMaxRowsKept = 2'000'000;

struct CloseDwarf {
  void operator()(Dwarf* dwarf) const { dwarf_end(dwarf); }
};
using DwarfHandle = std::unique_ptr<Dwarf, CloseDwarf>;

DwarfHandle Open(const ElfFile& file) { return DwarfHandle(dwarf_begin_elf(file.elf(), DWARF_C_READ, nullptr)); }

// Indices of the wanted addresses, by the offset of the unit that holds them.
using UnitHits = std::map<Dwarf_Off, std::vector<size_t>>;

// False where the units could not be read to the end.
bool FindUnits(Dwarf* dwarf, uint64_t lowest_code, std::span<const uint64_t> addresses, UnitHits* hits) {
  Dwarf_CU* unit = nullptr;
  for (;;) {
    Dwarf_Half version = 0;
    uint8_t type = 0;
    Dwarf_Die die;
    // No split unit is asked for here: that would open one .dwo file for each unit of the program.
    const int result = dwarf_get_units(dwarf, unit, &unit, &version, &type, &die, nullptr);
    if (result != 0) return result == 1;
    if (type != DW_UT_compile && type != DW_UT_skeleton && type != DW_UT_split_compile) continue;
    const Dwarf_Off offset = dwarf_dieoffset(&die);
    ForEachHit(&die, lowest_code, addresses, [&](size_t first, size_t last, uint64_t) {
      std::vector<size_t>& indices = (*hits)[offset];
      for (size_t i = first; i < last; ++i) indices.push_back(i);
    });
  }
}

// The DIE whose children are the functions: that of the .dwo file for a skeleton.
Dwarf_Die FunctionsOf(Dwarf_Die unit) {
  uint8_t type = 0;
  Dwarf_Die split{};
  const bool ok = dwarf_cu_info(unit.cu, nullptr, &type, nullptr, &split, nullptr, nullptr, nullptr) == 0;
  return ok && type == DW_UT_skeleton && split.addr != nullptr ? split : unit;
}

uint64_t ResolveUnit(Dwarf* dwarf, Dwarf_Off offset, uint64_t lowest_code, std::span<const uint64_t> addresses,
                     std::vector<size_t> indices, DwarfAnswers* answers) {
  Dwarf_Die unit;
  if (dwarf_offdie(dwarf, offset, &unit) == nullptr) return 0;
  std::sort(indices.begin(), indices.end());
  indices.erase(std::unique(indices.begin(), indices.end()), indices.end());
  std::vector<uint64_t> wanted;
  for (const size_t i : indices) wanted.push_back(addresses[i]);
  UnitAnswers unit_answers = ResolveInUnit(unit, FunctionsOf(unit), lowest_code, wanted);
  for (size_t i = 0; i < indices.size(); ++i) {
    std::vector<DwarfFrame>& frames = answers->frames[indices[i]];
    // Two units may claim an address (folded code, LTO): the first that knows a function keeps it.
    const bool knows_more = frames.empty() || (frames.back().function.empty() && !unit_answers.frames[i].empty());
    if (knows_more) frames = std::move(unit_answers.frames[i]);
  }
  return unit_answers.rows;
}

}  // namespace

DwarfAnswers ResolveWithDwarf(const ElfFile& file, uint64_t lowest_code, std::span<const uint64_t> addresses) {
  DwarfAnswers answers;
  answers.frames.resize(addresses.size());
  DwarfHandle dwarf = Open(file);
  UnitHits hits;
  if (dwarf == nullptr || !FindUnits(dwarf.get(), lowest_code, addresses, &hits)) {
    answers.problem = std::string("damaged debug information: ") + dwarf_errmsg(-1);
  }
  uint64_t rows = 0;
  for (auto& [offset, indices] : hits) {
    if (rows > kMaxRowsKept) {
      dwarf.reset();  // before the next is opened: both at once would be the memory this saves
      dwarf = Open(file);
      rows = 0;
    }
    if (dwarf == nullptr) break;
    rows += ResolveUnit(dwarf.get(), offset, lowest_code, addresses, std::move(indices), &answers);
  }
  return answers;
}

}  // namespace leaktrack
