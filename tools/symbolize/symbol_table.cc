// SPDX-License-Identifier: Apache-2.0
#include "tools/symbolize/symbol_table.h"

#include <gelf.h>

#include <algorithm>
#include <cstring>
#include <string_view>
#include <utility>

namespace leaktrack {
namespace {

// A hostile table may let every symbol cover every address; no honest one comes near this many
// hits.
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
  explicit LookUp(std::span<const uint64_t> addresses)
      : addresses_(addresses), best_(addresses.size()) {}

  void Offer(const GElf_Sym& symbol, uint64_t value, const char* name) {
    const int type = GELF_ST_TYPE(symbol.st_info);
    if (type != STT_FUNC && type != STT_GNU_IFUNC && type != STT_NOTYPE) return;
    if (symbol.st_shndx == SHN_UNDEF || symbol.st_size == 0 || name == nullptr || *name == '\0')
      return;
    auto at = std::lower_bound(addresses_.begin(), addresses_.end(), value);
    for (; at != addresses_.end() && *at - value < symbol.st_size && hits_ < kMaxHits;
         ++at, ++hits_) {
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
    if (symbol.st_size != 0)
      look_up->Offer(symbol, symbol.st_value, elf_strptr(elf, info.sh_link, symbol.st_name));
  }
}

void OfferFile(Elf* elf, LookUp* look_up) {
  for (Elf_Scn* section = nullptr; (section = elf_nextscn(elf, section)) != nullptr;) {
    GElf_Shdr info;
    if (gelf_getshdr(section, &info) == nullptr) break;
    if (info.sh_type == SHT_SYMTAB || info.sh_type == SHT_DYNSYM)
      OfferSection(elf, section, info, look_up);
  }
}

// Its addresses are those of the file that carries it.
void LookUpMiniDebugInfo(std::string image, std::span<const uint64_t> addresses,
                         std::vector<std::string>* names) {
  Elf* const elf = elf_memory(image.data(), image.size());
  if (elf == nullptr) return;
  if (elf_kind(elf) == ELF_K_ELF && gelf_getclass(elf) == ELFCLASS64) {
    LookUp look_up(addresses);
    OfferFile(elf, &look_up);
    look_up.Take(names);
  }
  elf_end(elf);
}

}  // namespace

std::vector<std::string> LookUpSymbols(std::span<const ElfFile* const> files,
                                       std::span<const uint64_t> addresses) {
  std::vector<std::string> names(addresses.size());
  if (addresses.empty()) return names;
  LookUp look_up(addresses);
  for (const ElfFile* file : files) {
    file->NeedSymbols();
    OfferFile(file->elf(), &look_up);
  }
  look_up.Take(&names);
  for (const ElfFile* file : files) {
    if (file->has_symtab()) continue;
    if (std::string mini = file->MiniDebugInfo(); !mini.empty())
      LookUpMiniDebugInfo(std::move(mini), addresses, &names);
  }
  return names;
}

}  // namespace leaktrack
