// SPDX-License-Identifier: Apache-2.0
#include "libtrack/platform/os/link_object.h"

#include <elf.h>
#include <sys/auxv.h>

#include <cstdint>

namespace leaktrack::track {
namespace {

// The entries of the dynamic table that a look-up by name needs.
struct DynamicTables {
  static constexpr uint64_t kNone = UINT64_MAX;
  const ElfW(Sym) * symbols = nullptr;
  const char* strings = nullptr;
  uint64_t strings_size = 0;
  const uint32_t* gnu_hash = nullptr;
  const uint32_t* elf_hash = nullptr;  // the older kind; some files have only this
  uint64_t soname = kNone;             // offset into strings
};

// glibc has made the table's addresses absolute. In the vDSO, and if musl is the loader, they are
// still offsets.
template <typename Pointer>
void SetAddress(const link_map* object, const ElfW(Dyn) & entry, Pointer& pointer) {
  const uintptr_t value = entry.d_un.d_ptr;
  pointer = reinterpret_cast<Pointer>(value < object->l_addr ? value + object->l_addr : value);
}

DynamicTables ReadDynamic(const link_map* object) {
  DynamicTables tables;
  for (const ElfW(Dyn)* entry = object->l_ld; entry != nullptr && entry->d_tag != DT_NULL;
       ++entry) {
    if (entry->d_tag == DT_SYMTAB) SetAddress(object, *entry, tables.symbols);
    if (entry->d_tag == DT_STRTAB) SetAddress(object, *entry, tables.strings);
    if (entry->d_tag == DT_STRSZ) tables.strings_size = entry->d_un.d_val;
    if (entry->d_tag == DT_SONAME) tables.soname = entry->d_un.d_val;
    if (entry->d_tag == DT_GNU_HASH) SetAddress(object, *entry, tables.gnu_hash);
    if (entry->d_tag == DT_HASH) SetAddress(object, *entry, tables.elf_hash);
  }
  return tables;
}

bool Defines(const DynamicTables& tables, const ElfW(Sym) & symbol, std::string_view name) {
  return symbol.st_name < tables.strings_size && symbol.st_shndx != SHN_UNDEF &&
         name == tables.strings + symbol.st_name;
}

uint32_t GnuHash(std::string_view name) {
  uint32_t hash = 5381;
  for (const char c : name) hash = hash * 33 + static_cast<unsigned char>(c);
  return hash;
}

uint32_t ElfHash(std::string_view name) {
  uint32_t hash = 0;
  for (const char c : name) {
    hash = (hash << 4) + static_cast<unsigned char>(c);
    const uint32_t high = hash & 0xf000'0000;
    hash ^= high >> 24 | high;
  }
  return hash;
}

const ElfW(Sym) * FindByElfHash(const DynamicTables& tables, std::string_view name) {
  const uint32_t bucket_count = tables.elf_hash[0];
  const uint32_t symbol_count = tables.elf_hash[1];
  if (bucket_count == 0) return nullptr;
  const uint32_t* buckets = tables.elf_hash + 2;
  const uint32_t* chain = buckets + bucket_count;
  uint32_t steps = 0;
  for (uint32_t index = buckets[ElfHash(name) % bucket_count]; index != 0 && index < symbol_count;
       index = chain[index]) {
    if (Defines(tables, tables.symbols[index], name)) return &tables.symbols[index];
    if (++steps > symbol_count) break;  // a cycle
  }
  return nullptr;
}

const ElfW(Sym) * FindByGnuHash(const DynamicTables& tables, std::string_view name) {
  const uint32_t bucket_count = tables.gnu_hash[0];
  const uint32_t first_hashed = tables.gnu_hash[1];
  const uint32_t bloom_words = tables.gnu_hash[2];
  if (bucket_count == 0) return nullptr;
  const uint32_t* buckets = tables.gnu_hash + 4 + bloom_words * 2;
  const uint32_t* chain = buckets + bucket_count;
  const uint32_t hash = GnuHash(name);
  uint32_t index = buckets[hash % bucket_count];
  if (index < first_hashed) return nullptr;
  for (;; ++index) {
    const uint32_t chained = chain[index - first_hashed];
    const ElfW(Sym)& symbol = tables.symbols[index];
    if ((chained | 1) == (hash | 1) && Defines(tables, symbol, name)) return &symbol;
    if (chained & 1) return nullptr;
  }
}

const ElfW(Sym) * FindInTables(const DynamicTables& tables, std::string_view name) {
  if (tables.symbols == nullptr || tables.strings == nullptr) return nullptr;
  if (tables.gnu_hash != nullptr) return FindByGnuHash(tables, name);
  return tables.elf_hash != nullptr ? FindByElfHash(tables, name) : nullptr;
}

std::string_view LastPart(std::string_view path) {
  path.remove_prefix(path.rfind('/') + 1);  // npos + 1 is 0
  return path;
}

// Compares the soname, or without one the last part of the path.
bool IsNamed(const link_map* object, std::string_view name) {
  const DynamicTables tables = ReadDynamic(object);
  if (tables.strings != nullptr && tables.soname < tables.strings_size)
    return name == tables.strings + tables.soname;
  const std::string_view path = object->l_name != nullptr ? object->l_name : "";
  return !path.empty() && name == LastPart(path);
}

const link_map* FindObject(std::string_view name) {
  for (const link_map* object = FirstObject(); object != nullptr; object = object->l_next) {
    if (IsNamed(object, name)) return object;
  }
  return nullptr;
}

}  // namespace

// Finds the loader's list through the main program's DT_DEBUG entry. A reference to _r_debug would
// make us need ld.so.
const link_map* FirstObject() {
  const auto* headers = reinterpret_cast<const ElfW(Phdr)*>(getauxval(AT_PHDR));
  const size_t count = getauxval(AT_PHNUM);
  if (headers == nullptr) return nullptr;
  uintptr_t bias = 0;
  for (size_t i = 0; i < count; ++i) {
    if (headers[i].p_type == PT_PHDR)
      bias = reinterpret_cast<uintptr_t>(headers) - headers[i].p_vaddr;
  }
  for (size_t i = 0; i < count; ++i) {
    if (headers[i].p_type != PT_DYNAMIC) continue;
    for (const auto* entry = reinterpret_cast<const ElfW(Dyn)*>(bias + headers[i].p_vaddr);
         entry->d_tag != DT_NULL; ++entry) {
      if (entry->d_tag != DT_DEBUG || entry->d_un.d_ptr == 0) continue;
      return reinterpret_cast<const r_debug*>(entry->d_un.d_ptr)->r_map;
    }
  }
  return nullptr;
}

void* FindInObject(const link_map* object, std::string_view name) {
  const ElfW(Sym)* symbol = FindInTables(ReadDynamic(object), name);
  return symbol != nullptr ? reinterpret_cast<void*>(object->l_addr + symbol->st_value) : nullptr;
}

SymbolRange FindRangeInObject(const link_map* object, std::string_view name) {
  const ElfW(Sym)* symbol = FindInTables(ReadDynamic(object), name);
  return symbol != nullptr ? SymbolRange{symbol->st_value, symbol->st_size} : SymbolRange{};
}

const link_map* NeededObject(const link_map* object, size_t index) {
  const DynamicTables tables = ReadDynamic(object);
  for (const ElfW(Dyn)* entry = object->l_ld; entry != nullptr && entry->d_tag != DT_NULL;
       ++entry) {
    if (entry->d_tag != DT_NEEDED || tables.strings == nullptr ||
        entry->d_un.d_val >= tables.strings_size)
      continue;
    const link_map* const needed = FindObject(LastPart(tables.strings + entry->d_un.d_val));
    if (needed != nullptr && index-- == 0) return needed;
  }
  return nullptr;
}

}  // namespace leaktrack::track
