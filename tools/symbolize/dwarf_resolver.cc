// SPDX-License-Identifier: Apache-2.0
#include "tools/symbolize/dwarf_resolver.h"

#include <dwarf.h>
#include <elfutils/libdw.h>
#include <elfutils/libdwelf.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <system_error>

#include "absl/strings/escaping.h"
#include "tools/symbolize/dwarf_unit.h"
#include "tools/symbolize/truncation_guard.h"

namespace leaktrack {
namespace {

// libdw keeps about 50 bytes for each decoded line row: 2 million are 100 MB.
constexpr uint64_t kMaxRowsKept = 2'000'000;

struct CloseDwarf {
  void operator()(Dwarf* dwarf) const { dwarf_end(dwarf); }
};
using DwarfHandle = std::unique_ptr<Dwarf, CloseDwarf>;
struct CloseElf {
  void operator()(Elf* elf) const { elf_end(elf); }
};
using ElfHandle = std::unique_ptr<Elf, CloseElf>;

// What several debug files have in common lies in one of its own (dwz), which the others name.
std::unique_ptr<ElfFile> FindCommonFile(Dwarf* dwarf, const std::string& path) {
  const char* name = nullptr;
  const void* id = nullptr;
  const ssize_t id_size = dwelf_dwarf_gnu_debugaltlink(dwarf, &name, &id);
  if (id_size <= 0) return nullptr;
  const absl::string_view id_bytes(static_cast<const char*>(id), static_cast<size_t>(id_size));
  const std::string build_id = absl::BytesToHexString(id_bytes);
  std::error_code ignored;
  const std::filesystem::path beside = std::filesystem::canonical(path, ignored).parent_path();
  const std::string by_id = "/usr/lib/debug/.build-id/" + build_id.substr(0, 2) + "/" +
                            build_id.substr(std::min<size_t>(2, build_id.size())) + ".debug";
  for (const std::string& candidate : {(beside / name).string(), by_id}) {
    std::string error;
    std::unique_ptr<ElfFile> file = ElfFile::Open(candidate, &error);
    if (file != nullptr && file->build_id() == build_id) return file;
  }
  return nullptr;
}

// Debug information, with the files that it needs. Members end in the order that libdw wants: the
// last first. Not moved, for that.
struct DebugInformation {
  DebugInformation() = default;
  DebugInformation(const DebugInformation&) = delete;
  DebugInformation& operator=(const DebugInformation&) = delete;

  std::unique_ptr<ElfFile> common_file;
  DwarfHandle common;
  ElfHandle by_descriptor;
  DwarfHandle dwarf;
};

// `is_split`: libdw is to find .dwo files beside it. Null: it has none that can be read.
std::unique_ptr<DebugInformation> Open(const ElfFile& file, bool is_split) {
  auto opened = std::make_unique<DebugInformation>();
  if (is_split) opened->by_descriptor.reset(file.NewElfByDescriptor());
  Elf* const elf = opened->by_descriptor != nullptr ? opened->by_descriptor.get() : file.elf();
  file.NeedDebugInformation();
  opened->dwarf.reset(dwarf_begin_elf(elf, DWARF_C_READ, nullptr));
  if (opened->dwarf == nullptr) return nullptr;
  opened->common_file = FindCommonFile(opened->dwarf.get(), file.path());
  if (opened->common_file == nullptr) return opened;
  opened->common_file->NeedDebugInformation();
  opened->common.reset(dwarf_begin_elf(opened->common_file->elf(), DWARF_C_READ, nullptr));
  if (opened->common != nullptr) dwarf_setalt(opened->dwarf.get(), opened->common.get());
  return opened;
}

// Indices of the wanted addresses, by the offset of the unit that holds them.
using UnitHits = std::map<Dwarf_Off, std::vector<size_t>>;

// False where the units could not be read to the end. `is_split`: of some the functions lie in .dwo
// files.
bool FindUnits(Dwarf* dwarf, uint64_t lowest_code, std::span<const uint64_t> addresses,
               UnitHits* hits, bool* is_split) {
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
      *is_split |= type == DW_UT_skeleton;
      for (size_t i = first; i < last; ++i) indices.push_back(i);
    });
  }
}

// The DIE whose children are the functions: that of the .dwo file for a skeleton.
Dwarf_Die FunctionsOf(Dwarf_Die unit) {
  uint8_t type = 0;
  Dwarf_Die split{};
  const bool ok =
      dwarf_cu_info(unit.cu, nullptr, &type, nullptr, &split, nullptr, nullptr, nullptr) == 0;
  return ok && type == DW_UT_skeleton && split.addr != nullptr ? split : unit;
}

uint64_t ResolveUnit(Dwarf* dwarf, Dwarf_Off offset, uint64_t lowest_code,
                     std::span<const uint64_t> addresses, std::vector<size_t> indices,
                     DwarfAnswers* answers) {
  Dwarf_Die unit;
  if (dwarf_offdie(dwarf, offset, &unit) == nullptr) return 0;
  std::sort(indices.begin(), indices.end());
  indices.erase(std::unique(indices.begin(), indices.end()), indices.end());
  std::vector<uint64_t> wanted;
  wanted.reserve(indices.size());
  for (const size_t i : indices) wanted.push_back(addresses[i]);
  UnitAnswers unit_answers = ResolveInUnit(unit, FunctionsOf(unit), lowest_code, wanted);
  for (size_t i = 0; i < indices.size(); ++i) {
    std::vector<DwarfFrame>& frames = answers->frames[indices[i]];
    // Two units may claim an address (folded code, LTO): the first that knows a function keeps it.
    const bool knows_more =
        frames.empty() || (frames.back().function.empty() && !unit_answers.frames[i].empty());
    if (knows_more) frames = std::move(unit_answers.frames[i]);
  }
  return unit_answers.rows;
}

}  // namespace

DwarfAnswers ResolveWithDwarf(const ElfFile& file, uint64_t lowest_code,
                              std::span<const uint64_t> addresses) {
  DwarfAnswers answers;
  answers.frames.resize(addresses.size());
  std::unique_ptr<DebugInformation> opened = Open(file, false);
  UnitHits hits;
  bool is_split = false;
  if (opened == nullptr ||
      !FindUnits(opened->dwarf.get(), lowest_code, addresses, &hits, &is_split)) {
    answers.problem = std::string("damaged debug information: ") + dwarf_errmsg(-1);
  }
  std::optional<TruncationGuard> guard;
  if (is_split) {
    guard.emplace();  // libdw maps .dwo files
    opened.reset();
    opened = Open(file, true);
  }
  uint64_t rows = 0;
  for (auto& [offset, indices] : hits) {
    if (rows > kMaxRowsKept) {
      opened.reset();  // before the next is opened: both at once would be the memory this saves
      opened = Open(file, is_split);
      rows = 0;
    }
    if (opened == nullptr) break;
    rows += ResolveUnit(opened->dwarf.get(), offset, lowest_code, addresses, std::move(indices),
                        &answers);
  }
  if (file.torn() || (guard && guard->torn())) answers.problem = "became shorter while it was read";
  return answers;
}

}  // namespace leaktrack
