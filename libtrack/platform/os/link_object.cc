// SPDX-License-Identifier: Apache-2.0
#include "libtrack/platform/os/link_object.h"

#include <elf.h>
#include <sys/auxv.h>

#include <cstdint>

namespace leaktrack::track {
namespace {

// The dynamic table entries that a look-up by name needs. Values are absolute after relocation by the loader.
struct DynamicTables {
  static constexpr uint64_t kNone = UINT64_MAX;
  const ElfW(Sym) * symbols = nullptr;
  const char* strings = nullptr;
  uint64_t strings_size = 0;
  const uint32_t* gnu_hash = nullptr;
  uint64_t soname = kNone;  // offset in strings
};

DynamicTables ReadDynamic(const link_map* object) {
  DynamicTables tables;
  for (const ElfW(Dyn)* entry = object->l_ld; entry != nullptr && entry->d_tag != DT_NULL; ++entry) {
    const uintptr_t value = entry->d_un.d_ptr;
    if (entry->d_tag == DT_SYMTAB) tables.symbols = reinterpret_cast<const ElfW(Sym)*>(value);
    if (entry->d_tag == DT_STRTAB) tables.strings = reinterpret_cast<const char*>(value);
    if (entry->d_tag == DT_STRSZ) tables.strings_size = value;
    if (entry->d_tag == DT_SONAME) tables.soname = value;
    if (entry->d_tag == DT_GNU_HASH) tables.gnu_hash = reinterpret_cast<const uint32_t*>(value);
  }
  // The vDSO's table is not relocated: its values are small offsets.
  if (reinterpret_cast<uintptr_t>(tables.gnu_hash) < object->l_addr) tables.gnu_hash = nullptr;
  if (reinterpret_cast<uintptr_t>(tables.strings) < object->l_addr) tables.strings = nullptr;
  return tables;
}

uint32_t GnuHash(std::string_view name) {
  uint32_t hash = 5381;
  for (const char c : name) hash = hash * 33 + static_cast<unsigned char>(c);
  return hash;
}

const ElfW(Sym) * FindInTables(const DynamicTables& tables, std::string_view name) {
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

std::string_view LastPart(std::string_view path) {
  path.remove_prefix(path.rfind('/') + 1);  // npos + 1 is 0
  return path;
}

// By its soname, else by the last part of its path.
bool IsNamed(const link_map* object, std::string_view name) {
  const DynamicTables tables = ReadDynamic(object);
  if (tables.strings != nullptr && tables.soname < tables.strings_size) return name == tables.strings + tables.soname;
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

void* FindInObject(const link_map* object, std::string_view name) {
  const ElfW(Sym)* symbol = FindInTables(ReadDynamic(object), name);
  return symbol != nullptr ? reinterpret_cast<void*>(object->l_addr + symbol->st_value) : nullptr;
}

const link_map* NeededObject(const link_map* object, size_t index) {
  const DynamicTables tables = ReadDynamic(object);
  for (const ElfW(Dyn)* entry = object->l_ld; entry != nullptr && entry->d_tag != DT_NULL; ++entry) {
    if (entry->d_tag != DT_NEEDED || tables.strings == nullptr || entry->d_un.d_val >= tables.strings_size) continue;
    const link_map* const needed = FindObject(LastPart(tables.strings + entry->d_un.d_val));
    if (needed != nullptr && index-- == 0) return needed;
  }
  return nullptr;
}

}  // namespace leaktrack::track
