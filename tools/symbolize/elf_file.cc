// SPDX-License-Identifier: Apache-2.0
#include "tools/symbolize/elf_file.h"

#include <elfutils/libdwelf.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <limits>
#include <string_view>
#include <vector>

#include "tools/symbolize/xz.h"

namespace leaktrack {
namespace {

constexpr size_t kMostByDescriptor =
    size_t{1} << 30;  // code and skeletons; the debug information lies beside it
constexpr off_t kMostChecked = off_t{16} << 30;  // a sparse file can be endless

std::string Hex(const void* bytes, size_t count) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (size_t i = 0; i < count; ++i) {
    const unsigned char byte = static_cast<const unsigned char*>(bytes)[i];
    text += kDigits[byte >> 4];
    text += kDigits[byte & 15];
  }
  return text;
}

std::array<uint32_t, 256> MakeCrcTable() {
  std::array<uint32_t, 256> table{};
  for (uint32_t i = 0; i < 256; ++i) {
    table[i] = i;
    for (int bit = 0; bit < 8; ++bit) table[i] = table[i] >> 1 ^ (table[i] & 1 ? 0xedb88320u : 0);
  }
  return table;
}

}  // namespace

std::unique_ptr<ElfFile> ElfFile::Open(const std::string& path, std::string* error) {
  error->clear();
  struct stat status {};
  if (stat(path.c_str(), &status) != 0) {
    if (errno != ENOENT && errno != ENOTDIR) *error = std::strerror(errno);
    return nullptr;
  }
  if (!S_ISREG(status.st_mode)) {
    *error = "not a regular file";
    return nullptr;
  }
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
  if (fd < 0) {
    *error = std::strerror(errno);
    return nullptr;
  }
  std::unique_ptr<ElfFile> file(new ElfFile(path, fd, status.st_ino));
  elf_version(EV_CURRENT);
  file->pieces_ = ElfPieces::Read(fd);
  if (file->pieces_ != nullptr)
    file->elf_ = elf_memory(file->pieces_->data(), file->pieces_->size());
  if (file->elf_ == nullptr || elf_kind(file->elf_) != ELF_K_ELF ||
      gelf_getclass(file->elf_) != ELFCLASS64) {
    *error = "not a 64-bit ELF file";
    return nullptr;
  }
  if (!file->Inspect()) {
    *error = "damaged ELF file";
    return nullptr;
  }
  return file;
}

ElfFile::~ElfFile() {
  elf_end(elf_);
  close(fd_);
}

bool ElfFile::Inspect() {
  size_t segments = 0, names = 0;
  GElf_Ehdr header;
  if (gelf_getehdr(elf_, &header) == nullptr || elf_getphdrnum(elf_, &segments) != 0) return false;
  lowest_code_ = std::numeric_limits<uint64_t>::max();
  for (size_t i = 0; i < segments && i < 4096; ++i) {
    GElf_Phdr segment;
    if (gelf_getphdr(elf_, static_cast<int>(i), &segment) == nullptr) return false;
    if (segment.p_type == PT_LOAD && (segment.p_flags & PF_X))
      lowest_code_ = std::min(lowest_code_, segment.p_vaddr);
  }
  if (lowest_code_ == std::numeric_limits<uint64_t>::max()) lowest_code_ = 0;

  const void* id = nullptr;
  const ssize_t id_size = dwelf_elf_gnu_build_id(elf_, &id);
  if (id_size > 0 && id_size <= 64) build_id_ = Hex(id, static_cast<size_t>(id_size));

  // No section table is legal (sstrip); the file then has a build-id at most.
  if (elf_getshdrstrndx(elf_, &names) != 0) return true;
  for (Elf_Scn* section = nullptr; (section = elf_nextscn(elf_, section)) != nullptr;) {
    GElf_Shdr info;
    if (gelf_getshdr(section, &info) == nullptr) return false;
    const char* text = elf_strptr(elf_, names, info.sh_name);
    const std::string_view name = text == nullptr ? "" : text;
    if (info.sh_type == SHT_SYMTAB) has_symtab_ = true;
    if ((name == ".debug_info" || name == ".zdebug_info") && info.sh_type != SHT_NOBITS)
      has_debug_info_ = true;
  }
  return true;
}

DebugLink ElfFile::debug_link() const {
  GElf_Word crc = 0;
  const char* name = dwelf_elf_gnu_debuglink(elf_, &crc);
  // A name with a slash would lead out of the directories it may be looked for in.
  if (name == nullptr || *name == '\0' || std::strchr(name, '/') != nullptr) return {};
  return {name, crc};
}

Elf* ElfFile::NewElfByDescriptor() const {
  const bool is_honest =
      pieces_->size() <= kMostByDescriptor && pieces_->SectionBytes() <= pieces_->size();
  return is_honest ? elf_begin(fd_, ELF_C_READ, nullptr) : nullptr;
}

std::string ElfFile::MiniDebugInfo() const {
  std::string_view packed;
  pieces_->Need([&](const ElfPieces::Section& section) {
    if (section.name != ".gnu_debugdata" || section.offset >= pieces_->size()) return false;
    packed = {pieces_->data() + section.offset,
              std::min<size_t>(section.size, pieces_->size() - section.offset)};
    return true;
  });
  return UnpackXz(packed);
}

uint32_t ElfFile::Crc32() const {
  static const std::array<uint32_t, 256> table = MakeCrcTable();
  uint32_t crc = 0xffffffffu;
  std::vector<unsigned char> buffer(1 << 18);
  off_t at = 0;
  for (ssize_t got; at < kMostChecked && (got = pread(fd_, buffer.data(), buffer.size(), at)) > 0;
       at += got) {
    for (ssize_t i = 0; i < got; ++i)
      crc = table[(crc ^ buffer[static_cast<size_t>(i)]) & 0xff] ^ crc >> 8;
  }
  return ~crc;
}

}  // namespace leaktrack
