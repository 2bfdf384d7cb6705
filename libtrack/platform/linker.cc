// SPDX-License-Identifier: Apache-2.0
#include "libtrack/platform/linker.h"

#include <elf.h>
#include <link.h>
#include <sys/auxv.h>

#include <cstdint>
#include <string_view>

// Both ends of this library's own image, from the linker.
extern "C" __attribute__((visibility("hidden"))) const char __ehdr_start[];
extern "C" __attribute__((visibility("hidden"))) const char _end[];

namespace leaktrack::track {
namespace {

// The dynamic table entries that a look-up by name needs. Values are absolute after relocation by the loader.
struct DynamicTables {
  const ElfW(Sym) * symbols = nullptr;
  const char* strings = nullptr;
  uint64_t strings_size = 0;
  const uint32_t* gnu_hash = nullptr;
};

DynamicTables ReadDynamic(const link_map* object) {
  DynamicTables tables;
  for (const ElfW(Dyn)* entry = object->l_ld; entry != nullptr && entry->d_tag != DT_NULL; ++entry) {
    const uintptr_t value = entry->d_un.d_ptr;
    if (entry->d_tag == DT_SYMTAB) tables.symbols = reinterpret_cast<const ElfW(Sym)*>(value);
    if (entry->d_tag == DT_STRTAB) tables.strings = reinterpret_cast<const char*>(value);
    if (entry->d_tag == DT_STRSZ) tables.strings_size = value;
    if (entry->d_tag == DT_GNU_HASH) tables.gnu_hash = reinterpret_cast<const uint32_t*>(value);
  }
  // The vDSO's table is not relocated: its values are small offsets.
  if (reinterpret_cast<uintptr_t>(tables.gnu_hash) < object->l_addr) tables.gnu_hash = nullptr;
  return tables;
}

uint32_t GnuHash(std::string_view name) {
  uint32_t hash = 5381;
  for (const char c : name) hash = hash * 33 + static_cast<unsigned char>(c);
  return hash;
}

const ElfW(Sym) * FindInObject(const DynamicTables& tables, std::string_view name) {
  if (tables.gnu_hash == nullptr || tables.symbols == nullptr || tables.strings == nullptr) return nullptr;
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
    if ((chained | 1) == (hash | 1) && symbol.st_name < tables.strings_size && symbol.st_shndx != SHN_UNDEF &&
        name == tables.strings + symbol.st_name) {
      return &symbol;
    }
    if (chained & 1) return nullptr;
  }
}

// The loader's list of objects, by way of the main program's DT_DEBUG entry: naming _r_debug would make us need ld.so.
const link_map* FirstObject() {
  const auto* headers = reinterpret_cast<const ElfW(Phdr)*>(getauxval(AT_PHDR));
  const size_t count = getauxval(AT_PHNUM);
  if (headers == nullptr) return nullptr;
  uintptr_t bias = 0;
  for (size_t i = 0; i < count; ++i) {
    if (headers[i].p_type == PT_PHDR) bias = reinterpret_cast<uintptr_t>(headers) - headers[i].p_vaddr;
  }
  for (size_t i = 0; i < count; ++i) {
    if (headers[i].p_type != PT_DYNAMIC) continue;
    for (const auto* entry = reinterpret_cast<const ElfW(Dyn)*>(bias + headers[i].p_vaddr); entry->d_tag != DT_NULL;
         ++entry) {
      if (entry->d_tag != DT_DEBUG || entry->d_un.d_ptr == 0) continue;
      return reinterpret_cast<const r_debug*>(entry->d_un.d_ptr)->r_map;
    }
  }
  return nullptr;
}

}  // namespace

bool IsOurs(const void* address) {
  const auto at = reinterpret_cast<uintptr_t>(address);
  return at >= reinterpret_cast<uintptr_t>(__ehdr_start) && at < reinterpret_cast<uintptr_t>(_end);
}

void* FindSymbolInLinkMap(const char* name) {
  bool passed_us = false;
  for (const link_map* object = FirstObject(); object != nullptr; object = object->l_next) {
    if (!passed_us) {
      passed_us = IsOurs(object->l_ld);
      continue;
    }
    const ElfW(Sym)* symbol = FindInObject(ReadDynamic(object), name);
    if (symbol != nullptr) return reinterpret_cast<void*>(object->l_addr + symbol->st_value);
  }
  return nullptr;
}

}  // namespace leaktrack::track
