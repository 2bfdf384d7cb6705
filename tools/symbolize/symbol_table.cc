// SPDX-License-Identifier: Apache-2.0
#include "tools/symbolize/symbol_table.h"

#include <elfutils/libdwfl.h>

#include <algorithm>
#include <cstring>
#include <string_view>

namespace leaktrack {
namespace {

// A hostile table may let every symbol cover every address; no honest one comes near this many hits.
constexpr uint64_t kMaxHits = 20'000'000;

struct Candidate {
  uint64_t start = 0;
  int binding_rank = 9;  // 0 global, 1 weak, 2 local
  std::string_view name;
};

int BindingRank(unsigned char info) {
  switch (GELF_ST_BIND(info)) {
    case STB_GLOBAL:
      return 0;
    case STB_WEAK:
      return 1;
    default:
      return 2;
  }
}

bool Better(const Candidate& a, const Candidate& b) {
  if (b.name.empty()) return true;
  if (a.start != b.start) return a.start > b.start;
  if (a.binding_rank != b.binding_rank) return a.binding_rank < b.binding_rank;
  const size_t a_marks = a.name.find_first_not_of('_'), b_marks = b.name.find_first_not_of('_');
  if (a_marks != b_marks) return a_marks < b_marks;
  if (a.name.size() != b.name.size()) return a.name.size() < b.name.size();
  return a.name < b.name;
}

class LookUp {
 public:
  explicit LookUp(std::span<const uint64_t> addresses) : addresses_(addresses), best_(addresses.size()) {}

  void Offer(const GElf_Sym& symbol, uint64_t value, const char* name) {
    const int type = GELF_ST_TYPE(symbol.st_info);
    if (type != STT_FUNC && type != STT_GNU_IFUNC && type != STT_NOTYPE) return;
    if (symbol.st_shndx == SHN_UNDEF || symbol.st_size == 0 || name == nullptr || *name == '\0') return;
    auto at = std::lower_bound(addresses_.begin(), addresses_.end(), value);
    for (; at != addresses_.end() && *at - value < symbol.st_size && hits_ < kMaxHits; ++at, ++hits_) {
      // "memcpy@@GLIBC_2.14": the version is the linker's business.
      const std::string_view text(name, std::strcspn(name, "@"));
      const Candidate candidate{value, BindingRank(symbol.st_info), text};
      Candidate& best = best_[static_cast<size_t>(at - addresses_.begin())];
      if (!text.empty() && Better(candidate, best)) best = candidate;
    }
  }

  // Copies the names: the views point into files that are about to be closed.
  void Take(std::vector<std::string>* names) const {
    for (size_t i = 0; i < best_.size(); ++i) {
      if ((*names)[i].empty()) (*names)[i] = best_[i].name;
    }
  }

 private:
  std::span<const uint64_t> addresses_;
  std::vector<Candidate> best_;
  uint64_t hits_ = 0;
};

void OfferSection(Elf* elf, Elf_Scn* section, const GElf_Shdr& info, LookUp* look_up) {
  Elf_Data* data = elf_getdata(section, nullptr);
  if (data == nullptr || data->d_buf == nullptr) return;
  const size_t count = data->d_size / sizeof(Elf64_Sym);
  for (size_t i = 1; i < count && i < 0x7fffffff; ++i) {
    GElf_Sym symbol;
    if (gelf_getsym(data, static_cast<int>(i), &symbol) == nullptr) return;
    // Asked before the name is looked up: most symbols are data, or of other modules.
    if (symbol.st_size != 0) look_up->Offer(symbol, symbol.st_value, elf_strptr(elf, info.sh_link, symbol.st_name));
  }
}

// Returns whether the file has MiniDebugInfo.
bool OfferFile(const ElfFile& file, LookUp* look_up) {
  bool mini = false;
  size_t names = 0;
  if (elf_getshdrstrndx(file.elf(), &names) != 0) return false;
  for (Elf_Scn* section = nullptr; (section = elf_nextscn(file.elf(), section)) != nullptr;) {
    GElf_Shdr info;
    if (gelf_getshdr(section, &info) == nullptr) break;
    if (info.sh_type == SHT_SYMTAB || info.sh_type == SHT_DYNSYM) OfferSection(file.elf(), section, info, look_up);
    const char* name = elf_strptr(file.elf(), names, info.sh_name);
    if (name != nullptr && std::strcmp(name, ".gnu_debugdata") == 0) mini = true;
  }
  return mini;
}

// libdwfl unpacks .gnu_debugdata; nothing else of it is used, since it would look for files by its own rules.
void LookUpMiniDebugInfo(const ElfFile& file, std::span<const uint64_t> addresses, std::vector<std::string>* names) {
  Dwfl_Callbacks callbacks{};
  callbacks.section_address = dwfl_offline_section_address;
  callbacks.find_debuginfo = [](Dwfl_Module*, void**, const char*, Dwarf_Addr, const char*, const char*, GElf_Word,
                                char**) { return -1; };
  Dwfl* dwfl = dwfl_begin(&callbacks);
  if (dwfl == nullptr) return;
  Dwfl_Module* module = dwfl_report_offline(dwfl, "", file.path().c_str(), -1);
  dwfl_report_end(dwfl, nullptr, nullptr);
  GElf_Addr main_bias = 0;
  const int count =
      module == nullptr || dwfl_module_getelf(module, &main_bias) == nullptr ? 0 : dwfl_module_getsymtab(module);
  LookUp look_up(addresses);
  for (int i = 1; i < count; ++i) {
    GElf_Sym symbol;
    GElf_Addr address = 0;
    const char* name = dwfl_module_getsym_info(module, i, &symbol, &address, nullptr, nullptr, nullptr);
    if (name != nullptr) look_up.Offer(symbol, address - main_bias, name);
  }
  look_up.Take(names);
  dwfl_end(dwfl);
}

}  // namespace

std::vector<std::string> LookUpSymbols(std::span<const ElfFile* const> files, std::span<const uint64_t> addresses) {
  std::vector<std::string> names(addresses.size());
  if (addresses.empty()) return names;
  LookUp look_up(addresses);
  const ElfFile* mini = nullptr;
  for (const ElfFile* file : files) {
    if (OfferFile(*file, &look_up) && !file->has_symtab()) mini = file;
  }
  look_up.Take(&names);
  if (mini != nullptr) LookUpMiniDebugInfo(*mini, addresses, &names);
  return names;
}

}  // namespace leaktrack
