// SPDX-License-Identifier: Apache-2.0
#include "tools/base/elf_pieces.h"

#include <elf.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace leaktrack {
namespace {

constexpr uint64_t kChunk = 64 << 10;
constexpr size_t kMostSegments = 1 << 16;
constexpr size_t kMostSections = 1 << 20;  // libelf keeps about 200 bytes of each
constexpr uint64_t kMostNotes = 1 << 20;   // per section or segment of notes

// The sections that libdw reads for functions, inlined calls and lines, without the suffix of
// split units.
constexpr std::string_view kDebugSections[] = {"info",     "types",    "abbrev",      "line",
                                               "line_str", "str",      "str_offsets", "addr",
                                               "ranges",   "rnglists", "cu_index",    "tu_index"};

bool IsDebugSection(std::string_view name) {
  if (name == ".gnu_debugaltlink") return true;
  for (const std::string_view start : {".debug_", ".zdebug_"}) {
    if (!name.starts_with(start)) continue;
    name.remove_prefix(start.size());
    if (name.ends_with(".dwo")) name.remove_suffix(4);
    return std::find(std::begin(kDebugSections), std::end(kDebugSections), name) !=
           std::end(kDebugSections);
  }
  return false;
}

}  // namespace

std::unique_ptr<ElfPieces> ElfPieces::Read(int fd) {
  struct stat facts {};
  if (fstat(fd, &facts) != 0 || !S_ISREG(facts.st_mode) || facts.st_size < EI_NIDENT)
    return nullptr;
  const auto size = static_cast<size_t>(facts.st_size);
  void* const memory = mmap(nullptr, size, PROT_READ | PROT_WRITE,
                            MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) return nullptr;
  std::unique_ptr<ElfPieces> pieces(new ElfPieces(fd, static_cast<char*>(memory), size));
  pieces->ReadRange(0, sizeof(Elf64_Ehdr));
  if (memcmp(memory, ELFMAG, SELFMAG) != 0) return nullptr;
  if (pieces->data_[EI_DATA] != ELFDATA2LSB) return pieces;
  const bool read = pieces->data_[EI_CLASS] == ELFCLASS64
                        ? pieces->ReadTables<Elf64_Ehdr, Elf64_Phdr, Elf64_Shdr>()
                    : pieces->data_[EI_CLASS] == ELFCLASS32
                        ? pieces->ReadTables<Elf32_Ehdr, Elf32_Phdr, Elf32_Shdr>()
                        : true;
  return read ? std::move(pieces) : nullptr;
}

ElfPieces::ElfPieces(int fd, char* data, size_t size)
    : fd_(fd), data_(data), size_(size), has_chunk_(size / kChunk + 1) {}

ElfPieces::~ElfPieces() { munmap(data_, size_); }

template <typename T>
T ElfPieces::At(uint64_t offset) const {
  T value{};
  if (offset <= size_ && size_ - offset >= sizeof(T)) memcpy(&value, data_ + offset, sizeof(T));
  return value;
}

void ElfPieces::ReadRange(uint64_t offset, uint64_t size) {
  if (size == 0 || offset >= size_) return;
  const uint64_t end = offset + std::min(size, size_ - offset);
  uint64_t chunk = offset / kChunk;
  while (chunk * kChunk < end) {
    const uint64_t first = chunk;
    for (; chunk * kChunk < end && !has_chunk_[chunk]; ++chunk) has_chunk_[chunk] = true;
    if (chunk > first) ReadChunks(first * kChunk, std::min<uint64_t>(chunk * kChunk, size_));
    if (chunk * kChunk < end) ++chunk;
  }
}

// Leaves holes untouched, so they take no memory.
void ElfPieces::ReadChunks(uint64_t begin, uint64_t end) {
  while (begin < end) {
    const off_t found = lseek(fd_, static_cast<off_t>(begin), SEEK_DATA);
    if (found < 0 && errno == ENXIO) break;  // no more data, or no more file
    if (found > 0) begin = static_cast<uint64_t>(found);
    if (begin >= end) return;
    const off_t hole = found < 0 ? -1 : lseek(fd_, found, SEEK_HOLE);
    const uint64_t stop = hole < 0 ? end : std::min(end, static_cast<uint64_t>(hole));
    while (begin < stop) {
      const ssize_t got = pread(fd_, data_ + begin, stop - begin, static_cast<off_t>(begin));
      if (got < 0 && errno == EINTR) continue;
      if (got <= 0) torn_ = true;
      if (got <= 0) return;
      begin += static_cast<uint64_t>(got);
    }
  }
  struct stat facts {};
  if (fstat(fd_, &facts) != 0 || static_cast<uint64_t>(facts.st_size) < end) torn_ = true;
}

// False if there is more than any honest file has.
template <typename Header, typename Segment, typename SectionHeader>
bool ElfPieces::ReadTables() {
  const Header header = At<Header>(0);
  ReadRange(header.e_shoff, sizeof(SectionHeader));
  // Numbers too large for the header are in the first section.
  const SectionHeader first =
      header.e_shoff == 0 ? SectionHeader{} : At<SectionHeader>(header.e_shoff);
  const uint64_t segments = header.e_phnum == PN_XNUM ? first.sh_info : header.e_phnum;
  const uint64_t sections = header.e_shoff == 0   ? 0
                            : header.e_shnum == 0 ? first.sh_size
                                                  : header.e_shnum;
  if (segments > kMostSegments || sections > kMostSections) return false;
  ReadRange(header.e_phoff, segments * sizeof(Segment));
  for (uint64_t i = 0; i < segments; ++i) {
    const Segment segment = At<Segment>(header.e_phoff + i * sizeof(Segment));
    if (segment.p_type == PT_NOTE && segment.p_filesz <= kMostNotes)
      ReadRange(segment.p_offset, segment.p_filesz);
  }
  ReadRange(header.e_shoff, sections * sizeof(SectionHeader));
  NameSections<SectionHeader>(header.e_shoff, sections,
                              header.e_shstrndx == SHN_XINDEX ? first.sh_link : header.e_shstrndx);
  Need([](const Section& section) {
    return section.type == SHT_NOTE && section.size <= kMostNotes;
  });
  Need([](const Section& section) {
    return section.name == ".gnu_debuglink" && section.size <= kMostNotes;
  });
  return true;
}

template <typename SectionHeader>
void ElfPieces::NameSections(uint64_t table, size_t count, uint64_t names) {
  const SectionHeader strings =
      names < count ? At<SectionHeader>(table + names * sizeof(SectionHeader)) : SectionHeader{};
  ReadRange(strings.sh_offset, strings.sh_size);
  for (size_t i = 0; i < count; ++i) {
    const SectionHeader one = At<SectionHeader>(table + i * sizeof(SectionHeader));
    Section section{
        {}, one.sh_type, one.sh_link, one.sh_offset, one.sh_type == SHT_NOBITS ? 0 : one.sh_size};
    const uint64_t at = strings.sh_offset + one.sh_name;
    if (one.sh_name < strings.sh_size && at < size_)
      section.name = {data_ + at, strnlen(data_ + at, std::min<size_t>(64, size_ - at))};
    sections_.push_back(section);
  }
}

uint64_t ElfPieces::SectionBytes() const {
  uint64_t sum = 0;
  for (const Section& section : sections_) sum += std::min<uint64_t>(section.size, size_ + 1);
  return sum;
}

// Honest sections do not overlap. A file that asks for its whole self again and again is not read.
void ElfPieces::Need(absl::FunctionRef<bool(const Section&)> wanted) {
  uint64_t left = 4 * uint64_t{size_};
  const auto take = [&](const Section& section) {
    const uint64_t bytes = std::min<uint64_t>(section.size, size_);
    if (bytes > left) return false;
    left -= bytes;
    ReadRange(section.offset, section.size);
    return true;
  };
  for (const Section& section : sections_) {
    if (!wanted(section)) continue;
    if (!take(section)) return;
    if (section.link != 0 && section.link < sections_.size() && !take(sections_[section.link]))
      return;
  }
}

void ElfPieces::NeedSymbols() {
  Need([](const Section& section) {
    return section.type == SHT_SYMTAB || section.type == SHT_DYNSYM ||
           section.type == SHT_DYNAMIC || section.type == SHT_SYMTAB_SHNDX;
  });
}

void ElfPieces::NeedDebugInformation() {
  Need([](const Section& section) { return IsDebugSection(section.name); });
}

}  // namespace leaktrack
