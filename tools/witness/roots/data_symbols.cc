// SPDX-License-Identifier: Apache-2.0
#include "tools/witness/roots/data_symbols.h"

#include <gelf.h>

#include <algorithm>
#include <cstring>
#include <string_view>

#include "libtrack/capture/capture.h"
#include "tools/symbolize/elf_file.h"
#include "tools/symbolize/module_files.h"

namespace leaktrack::witness {
namespace {

constexpr size_t kMostSymbols = 4'000'000;

template <typename Take>
void ForEachSymbol(const ElfFile& file, Take take) {
  file.NeedSymbols();
  size_t seen = 0;
  for (Elf_Scn* section = nullptr; (section = elf_nextscn(file.elf(), section)) != nullptr;) {
    GElf_Shdr info;
    if (gelf_getshdr(section, &info) == nullptr) return;
    if (info.sh_type != SHT_SYMTAB && info.sh_type != SHT_DYNSYM) continue;
    Elf_Data* const data = elf_getdata(section, nullptr);
    if (data == nullptr || data->d_buf == nullptr) continue;
    for (size_t i = 1; i < data->d_size / sizeof(Elf64_Sym) && seen < kMostSymbols; ++i, ++seen) {
      GElf_Sym symbol;
      if (gelf_getsym(data, static_cast<int>(i), &symbol) == nullptr) break;
      const int type = GELF_ST_TYPE(symbol.st_info);
      if (symbol.st_size == 0 || symbol.st_shndx == SHN_UNDEF ||
          (type != STT_OBJECT && type != STT_TLS))
        continue;
      const char* const name = elf_strptr(file.elf(), info.sh_link, symbol.st_name);
      if (name != nullptr && *name != '\0')
        take(symbol, type, std::string_view(name, strcspn(name, "@")));
    }
  }
}

}  // namespace

const DataSymbols::Table& DataSymbols::TableOf(int number) {
  const auto known = tables_.find(number);
  if (known != tables_.end()) return known->second;
  Table& table = tables_[number];
  const Module& module = modules_[static_cast<size_t>(number)];
  capture::ModuleInfo info;
  info.path = module.path;
  info.build_id = module.build_id;
  const ModuleFiles files = FindModuleFiles(info, options_);
  for (const ElfFile* file : {files.debug.get(), files.main.get()}) {
    if (file == nullptr) continue;
    ForEachSymbol(*file, [&](const GElf_Sym& symbol, int type, std::string_view name) {
      std::vector<Symbol>& list = type == STT_TLS ? table.thread_local_data : table.data;
      list.push_back({symbol.st_value, symbol.st_size, std::string(name)});
    });
  }
  for (auto* list : {&table.data, &table.thread_local_data}) {
    std::stable_sort(list->begin(), list->end(),
                     [](const Symbol& a, const Symbol& b) { return a.start < b.start; });
  }
  return table;
}

// A variable may lie within another's size in hostile files only; a few steps back are enough.
std::string DataSymbols::Find(const std::vector<Symbol>& table, uint64_t address) {
  auto at = std::upper_bound(table.begin(), table.end(), address,
                             [](uint64_t value, const Symbol& one) { return value < one.start; });
  for (int steps = 0; at != table.begin() && steps < 16; ++steps) {
    --at;
    if (address - at->start < at->size) return at->name;
  }
  return "";
}

std::string DataSymbols::NameAt(int module, uint64_t address) {
  if (module < 0) return "";
  return Find(TableOf(module).data, address - modules_[static_cast<size_t>(module)].bias);
}

std::string DataSymbols::ThreadLocalAt(int module, uint64_t offset) {
  return module < 0 ? "" : Find(TableOf(module).thread_local_data, offset);
}

}  // namespace leaktrack::witness
