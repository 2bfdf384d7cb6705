// SPDX-License-Identifier: Apache-2.0
#include "tools/inspect/lsan_suppressions.h"

#include <gelf.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "tools/base/safe_text.h"
#include "tools/inspect/elf_tables.h"

namespace leaktrack {
namespace {

constexpr std::string_view kFunction = "__lsan_default_suppressions";
constexpr size_t kLongestCode = 32;
constexpr size_t kLongestText = 1 << 20;

using Bytes = std::string_view;

bool Consume(Bytes& code, Bytes bytes) {
  if (!code.starts_with(bytes)) return false;
  code.remove_prefix(bytes.size());
  return true;
}

int32_t Operand(Bytes code) {
  int32_t value = 0;
  memcpy(&value, code.data(), sizeof value);
  return value;
}

// [endbr64] [push rbp; mov rbp, rsp] lea rax, [rip + x] | mov eax, x   [pop rbp] ret
std::optional<uint64_t> ReturnedAddress(const Bytes function, uint64_t address) {
  using namespace std::string_view_literals;
  Bytes code = function;
  Consume(code, "\xf3\x0f\x1e\xfa"sv);
  const bool frame = Consume(code, "\x55\x48\x89\xe5"sv);
  const bool relative = Consume(code, "\x48\x8d\x05"sv);
  if ((!relative && !Consume(code, "\xb8"sv)) || code.size() < 4) return std::nullopt;
  const auto operand = static_cast<uint64_t>(int64_t{Operand(code)});
  code.remove_prefix(4);
  const uint64_t next = address + (function.size() - code.size());
  if (frame && !Consume(code, "\x5d"sv)) return std::nullopt;
  if (!code.starts_with("\xc3"sv)) return std::nullopt;
  return relative ? next + operand : operand;
}

class File {
 public:
  explicit File(const std::string& path) : file_(path), elf_(file_.elf()) {}

  std::optional<uint64_t> Find() const {
    const std::optional<GElf_Ehdr> header = file_.Header();
    if (!header || header->e_machine != EM_X86_64) return std::nullopt;
    for (Elf_Scn* section = nullptr; (section = elf_nextscn(elf_, section)) != nullptr;) {
      GElf_Shdr info;
      if (gelf_getshdr(section, &info) == nullptr) return std::nullopt;
      if (info.sh_type != SHT_SYMTAB && info.sh_type != SHT_DYNSYM) continue;
      if (const std::optional<uint64_t> found = FindIn(section, info)) return found;
    }
    return std::nullopt;
  }

  // The contents of the file at an address, at most `most` bytes.
  std::string ReadAt(uint64_t address, size_t most) const {
    size_t count = 0;
    if (elf_getphdrnum(elf_, &count) != 0) return "";
    for (size_t i = 0; i < count && i < 4096; ++i) {
      GElf_Phdr segment;
      if (gelf_getphdr(elf_, static_cast<int>(i), &segment) == nullptr || segment.p_type != PT_LOAD)
        continue;
      if (address < segment.p_vaddr || address - segment.p_vaddr >= segment.p_filesz) continue;
      const uint64_t skip = address - segment.p_vaddr;
      std::string bytes(std::min<uint64_t>(most, segment.p_filesz - skip), '\0');
      const ssize_t got = pread(file_.fd(), bytes.data(), bytes.size(),
                                static_cast<off_t>(segment.p_offset + skip));
      bytes.resize(got > 0 ? static_cast<size_t>(got) : 0);
      return bytes;
    }
    return "";
  }

 private:
  std::optional<uint64_t> FindIn(Elf_Scn* section, const GElf_Shdr& info) const {
    Elf_Data* const data = elf_getdata(section, nullptr);
    if (data == nullptr || info.sh_entsize == 0) return std::nullopt;
    for (size_t i = 1; i < info.sh_size / info.sh_entsize; ++i) {
      GElf_Sym symbol;
      if (gelf_getsym(data, static_cast<int>(i), &symbol) == nullptr) return std::nullopt;
      if (symbol.st_shndx == SHN_UNDEF || GELF_ST_TYPE(symbol.st_info) != STT_FUNC) continue;
      const char* const name = elf_strptr(elf_, info.sh_link, symbol.st_name);
      if (name != nullptr && name == kFunction) return symbol.st_value;
    }
    return std::nullopt;
  }

  const ElfTables file_;
  Elf* const elf_;
};

}  // namespace

absl::StatusOr<std::string> LsanDefaultSuppressions(const std::string& path) {
  const File file(path);
  const std::optional<uint64_t> function = file.Find();
  if (!function) return "";
  const std::string code = file.ReadAt(*function, kLongestCode);
  if (const std::optional<uint64_t> text = ReturnedAddress(code, *function)) {
    const std::string bytes = file.ReadAt(*text, kLongestText);
    if (const size_t end = bytes.find('\0'); end != std::string::npos) return bytes.substr(0, end);
  }
  return absl::FailedPreconditionError(absl::StrCat(
      SafeText(path), ": ", std::string(kFunction),
      " does more than return a constant, so it was not read; put its lines into a file "
      "for --suppressions"));
}

}  // namespace leaktrack
