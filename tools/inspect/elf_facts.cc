// SPDX-License-Identifier: Apache-2.0
#include "tools/inspect/elf_facts.h"

#include <elfutils/libdwelf.h>
#include <gelf.h>
#include <unistd.h>

#include <cstring>
#include <optional>
#include <string_view>

#include "absl/strings/escaping.h"
#include "tools/inspect/elf_tables.h"

namespace leaktrack {
namespace {

struct KnownName {
  std::string_view symbol;
  const char* meaning;
};

// Entry points of builds under names other than malloc.
constexpr KnownName kPrefixed[] = {{"_rjem_malloc", "jemalloc of a Rust program"},
                                   {"_rjem_mallocx", "jemalloc of a Rust program"},
                                   {"je_malloc", "jemalloc under names with je_"}};
constexpr KnownName kSanitizers[] = {{"__asan_init", "AddressSanitizer"},
                                     {"__tsan_init", "ThreadSanitizer"},
                                     {"__msan_init", "MemorySanitizer"},
                                     {"__lsan_init", "LeakSanitizer"},
                                     {"__hwasan_init", "HWAddressSanitizer"}};
constexpr KnownName kSanitizerLibraries[] = {{"libasan.so", "AddressSanitizer"},
                                             {"libtsan.so", "ThreadSanitizer"},
                                             {"liblsan.so", "LeakSanitizer"},
                                             {"libclang_rt.asan", "AddressSanitizer"},
                                             {"libclang_rt.tsan", "ThreadSanitizer"}};

template <size_t N>
void Recognise(const KnownName (&names)[N], std::string_view symbol, std::string& meaning) {
  for (const KnownName& name : names) {
    if (meaning.empty() && symbol == name.symbol) meaning = name.meaning;
  }
}

void Recognise(std::string_view symbol, capture::Allocator& allocator) {
  for (const capture::AllocatorFacts& one : capture::kAllocators) {
    if (allocator != capture::Allocator::kUnknown || symbol.empty()) return;
    if (symbol == one.mark || symbol == one.other_mark) allocator = one.allocator;
  }
}

class Reader {
 public:
  explicit Reader(const std::string& path) : file_(path), elf_(file_.elf()) {}

  ElfFacts Read() {
    const std::optional<GElf_Ehdr> header = file_.Header();
    if (!header) return facts_;
    facts_.is_elf = true;
    facts_.is_64_bit = header->e_ident[EI_CLASS] == ELFCLASS64;
    facts_.is_x86_64 = facts_.is_64_bit && header->e_machine == EM_X86_64;
    ReadSegments();
    const void* id = nullptr;
    const ssize_t size = dwelf_elf_gnu_build_id(elf_, &id);
    if (size > 0 && size <= 64) {
      facts_.build_id = absl::BytesToHexString(
          absl::string_view(static_cast<const char*>(id), static_cast<size_t>(size)));
    }
    ReadSections();
    return facts_;
  }

 private:
  void ReadSegments() {
    size_t count = 0;
    if (elf_getphdrnum(elf_, &count) != 0) return;
    for (size_t i = 0; i < count && i < 4096; ++i) {
      GElf_Phdr segment;
      if (gelf_getphdr(elf_, static_cast<int>(i), &segment) == nullptr) return;
      if (segment.p_type == PT_DYNAMIC) facts_.has_dynamic = true;
      if (segment.p_type != PT_INTERP || segment.p_filesz > 4096) continue;
      std::string path(segment.p_filesz, '\0');
      const ssize_t got =
          pread(file_.fd(), path.data(), path.size(), static_cast<off_t>(segment.p_offset));
      path.resize(got > 0 ? static_cast<size_t>(got) : 0);
      facts_.loader = path.substr(0, path.find('\0'));
    }
  }

  void ReadSections() {
    size_t names = 0;
    if (elf_getshdrstrndx(elf_, &names) != 0) return;  // no section table is legal
    for (Elf_Scn* section = nullptr; (section = elf_nextscn(elf_, section)) != nullptr;) {
      GElf_Shdr info;
      if (gelf_getshdr(section, &info) == nullptr) return;
      const char* text = elf_strptr(elf_, names, info.sh_name);
      const std::string_view name = text == nullptr ? "" : text;
      if (name == ".debug_info" && info.sh_type != SHT_NOBITS) facts_.has_debug_info = true;
      if (name == ".go.buildinfo" || name == ".note.go.buildid") facts_.is_go = true;
      if (info.sh_type == SHT_SYMTAB) facts_.has_symtab = true;
      if (info.sh_type == SHT_DYNAMIC) ReadNeeded(section, info);
      if (info.sh_type == SHT_SYMTAB || info.sh_type == SHT_DYNSYM) ReadNames(section, info);
    }
  }

  void ReadNeeded(Elf_Scn* section, const GElf_Shdr& info) {
    Elf_Data* data = elf_getdata(section, nullptr);
    if (data == nullptr || info.sh_entsize == 0) return;
    for (size_t i = 0; i < info.sh_size / info.sh_entsize && i < 65536; ++i) {
      GElf_Dyn entry;
      if (gelf_getdyn(data, static_cast<int>(i), &entry) == nullptr || entry.d_tag == DT_NULL)
        return;
      if (entry.d_tag != DT_NEEDED) continue;
      const char* name = elf_strptr(elf_, info.sh_link, entry.d_un.d_val);
      if (name == nullptr) continue;
      facts_.needed.emplace_back(name);
      for (const KnownName& library : kSanitizerLibraries) {
        if (facts_.needed.back().starts_with(library.symbol)) facts_.sanitizer = library.meaning;
      }
    }
  }

  void ReadNames(Elf_Scn* section, const GElf_Shdr& info) {
    Elf_Data* data = elf_getdata(section, nullptr);
    if (data == nullptr || info.sh_entsize == 0) return;
    const size_t count = info.sh_size / info.sh_entsize;
    for (size_t i = 1; i < count; ++i) {
      GElf_Sym symbol;
      if (gelf_getsym(data, static_cast<int>(i), &symbol) == nullptr) return;
      if (symbol.st_shndx == SHN_UNDEF) continue;
      const char* text = elf_strptr(elf_, info.sh_link, symbol.st_name);
      const std::string_view name = text == nullptr ? "" : text;
      if (info.sh_type == SHT_DYNSYM && name == "malloc") facts_.exports_malloc = true;
      Recognise(name, facts_.allocator);
      Recognise(kPrefixed, name, facts_.prefixed_allocator);
      Recognise(kSanitizers, name, facts_.sanitizer);
    }
  }

  const ElfTables file_;
  Elf* const elf_;
  ElfFacts facts_;
};

}  // namespace

ElfFacts ReadElfFacts(const std::string& path) { return Reader(path).Read(); }

}  // namespace leaktrack
