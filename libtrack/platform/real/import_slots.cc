// SPDX-License-Identifier: Apache-2.0
#include "libtrack/platform/real/import_slots.h"

#include <elf.h>
#include <link.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include <atomic>
#include <cstdint>
#include <string_view>

#include "libtrack/platform/os/link_object.h"
#include "libtrack/platform/os/linker.h"
#include "libtrack/platform/os/raw.h"

namespace leaktrack::track {
namespace {

// The two types of relocation by which an object holds the address of a function of others.
#if defined(__x86_64__)
constexpr uint32_t kSlotOfCall = R_X86_64_JUMP_SLOT;
constexpr uint32_t kSlotOfAddress = R_X86_64_GLOB_DAT;
#elif defined(__aarch64__)
constexpr uint32_t kSlotOfCall = R_AARCH64_JUMP_SLOT;
constexpr uint32_t kSlotOfAddress = R_AARCH64_GLOB_DAT;
#endif

struct Relocations {
  const ElfW(Rela) * first = nullptr;
  size_t count = 0;
};

struct Imports {
  const ElfW(Sym) * symbols = nullptr;
  const char* strings = nullptr;
  uint64_t strings_size = 0;
  Relocations calls, others;
};

struct Extent {
  uintptr_t start = 0, end = 0;
  bool Has(uintptr_t address) const { return address >= start && address < end; }
};

// What of an object is mapped, and what of it the loader has made read-only.
struct Layout {
  Extent all, read_only;
};

template <typename Pointer>
void SetAddress(const link_map* object, const ElfW(Dyn) & entry, Pointer& pointer) {
  const uintptr_t value = entry.d_un.d_ptr;
  pointer = reinterpret_cast<Pointer>(value < object->l_addr ? value + object->l_addr : value);
}

Imports ReadImports(const link_map* object) {
  Imports imports;
  size_t calls_bytes = 0, others_bytes = 0;
  for (const ElfW(Dyn)* entry = object->l_ld; entry != nullptr && entry->d_tag != DT_NULL;
       ++entry) {
    if (entry->d_tag == DT_SYMTAB) SetAddress(object, *entry, imports.symbols);
    if (entry->d_tag == DT_STRTAB) SetAddress(object, *entry, imports.strings);
    if (entry->d_tag == DT_STRSZ) imports.strings_size = entry->d_un.d_val;
    if (entry->d_tag == DT_JMPREL) SetAddress(object, *entry, imports.calls.first);
    if (entry->d_tag == DT_PLTRELSZ) calls_bytes = entry->d_un.d_val;
    if (entry->d_tag == DT_RELA) SetAddress(object, *entry, imports.others.first);
    if (entry->d_tag == DT_RELASZ) others_bytes = entry->d_un.d_val;
  }
  if (imports.calls.first != nullptr) imports.calls.count = calls_bytes / sizeof(ElfW(Rela));
  if (imports.others.first != nullptr) imports.others.count = others_bytes / sizeof(ElfW(Rela));
  return imports;
}

// The program headers of an object: the program's from the kernel, another's from its first page.
struct Headers {
  const ElfW(Phdr) * first = nullptr;
  size_t count = 0;
};
Headers HeadersOf(const link_map* object) {
  if (object == FirstObject())
    return {reinterpret_cast<const ElfW(Phdr)*>(getauxval(AT_PHDR)), getauxval(AT_PHNUM)};
  const auto* file = reinterpret_cast<const ElfW(Ehdr)*>(object->l_addr);
  // A library that does not begin at its bias is none that today's linkers make.
  if (file == nullptr || object->l_ld < reinterpret_cast<const ElfW(Dyn)*>(file)) return {};
  if (__builtin_memcmp(file->e_ident, ELFMAG, SELFMAG) != 0) return {};
  return {reinterpret_cast<const ElfW(Phdr)*>(object->l_addr + file->e_phoff), file->e_phnum};
}

Layout LayoutOf(const link_map* object) {
  const uintptr_t page = getauxval(AT_PAGESZ);
  const Headers headers = HeadersOf(object);
  Layout layout{{UINTPTR_MAX, 0}, {}};
  for (size_t i = 0; headers.first != nullptr && i < headers.count; ++i) {
    const ElfW(Phdr)& part = headers.first[i];
    const uintptr_t start = object->l_addr + part.p_vaddr;
    if (part.p_type == PT_LOAD) {
      if (start < layout.all.start) layout.all.start = start;
      if (start + part.p_memsz > layout.all.end) layout.all.end = start + part.p_memsz;
    }
    if (part.p_type == PT_GNU_RELRO)
      layout.read_only = {start & ~(page - 1), (start + part.p_memsz) & ~(page - 1)};
  }
  return layout;
}

bool Write(const void** slot, const void* value, const Layout& layout) {
  const auto address = reinterpret_cast<uintptr_t>(slot);
  const bool read_only = layout.read_only.Has(address);
  const uintptr_t page_size = getauxval(AT_PAGESZ);
  const long page = static_cast<long>(address & ~(page_size - 1));
  const auto bytes = static_cast<long>(page_size);
  if (read_only && raw::Failed(raw::Call(SYS_mprotect, page, bytes, PROT_READ | PROT_WRITE)))
    return false;
  std::atomic_ref(*slot).store(value, std::memory_order_release);
  if (read_only) raw::Call(SYS_mprotect, page, bytes, PROT_READ);
  return true;
}

const Redirection* FindRedirection(std::span<const Redirection> all, std::string_view name) {
  for (const Redirection& one : all) {
    if (one.real != nullptr && name == one.name) return &one;
  }
  return nullptr;
}

size_t RedirectIn(const link_map* object, const Imports& imports, const Relocations& relocations,
                  const Layout& layout, std::span<const Redirection> redirections) {
  size_t changed = 0;
  for (size_t i = 0; i < relocations.count; ++i) {
    const ElfW(Rela)& one = relocations.first[i];
    const auto type = static_cast<uint32_t>(ELF64_R_TYPE(one.r_info));
    if (type != kSlotOfCall && type != kSlotOfAddress) continue;
    const ElfW(Sym)& symbol = imports.symbols[ELF64_R_SYM(one.r_info)];
    if (symbol.st_shndx != SHN_UNDEF || symbol.st_name >= imports.strings_size) continue;
    const Redirection* const wanted =
        FindRedirection(redirections, imports.strings + symbol.st_name);
    const uintptr_t address = object->l_addr + one.r_offset;
    if (wanted == nullptr || !layout.all.Has(address)) continue;
    auto* const slot = reinterpret_cast<const void**>(address);
    const bool unbound = type == kSlotOfCall && layout.all.Has(reinterpret_cast<uintptr_t>(*slot));
    if (*slot == wanted->real || unbound) changed += Write(slot, wanted->ours, layout);
  }
  return changed;
}

}  // namespace

size_t RedirectImports(const void* definer, std::span<const Redirection> redirections) {
  size_t changed = 0;
  for (const link_map* object = FirstObject(); object != nullptr; object = object->l_next) {
    if (object == definer || IsOurs(object->l_ld)) continue;
    const Imports imports = ReadImports(object);
    if (imports.symbols == nullptr || imports.strings == nullptr) continue;
    const Layout layout = LayoutOf(object);
    changed += RedirectIn(object, imports, imports.calls, layout, redirections);
    changed += RedirectIn(object, imports, imports.others, layout, redirections);
  }
  return changed;
}

}  // namespace leaktrack::track
