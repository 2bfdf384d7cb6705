// SPDX-License-Identifier: Apache-2.0
//
// The requested parts of somebody else's ELF file, in memory of our own.
//
// Why: the owner of a mapped file can cut or rewrite it while we read. A page past the new end
// raises SIGBUS, and a table that changes after the check leads anywhere. Reading the whole file
// would cost its size.
// What: an empty range of memory as long as the file. Headers, tables and wanted sections are read
// into it at their own offsets. elf_memory(data(), size()) gives it to libelf. Ask for a section
// before libelf reads it.
// Promises: each byte is read once, so what was checked stays as it was. Holes of a sparse file
// cost nothing. Parts that were not asked for are zero. So are parts that were cut off meanwhile,
// and torn() tells. Any contents are legal.
// Limits: of a file in another byte order, only the header is read.
//
// Thread-safety: none.
#ifndef LEAKTRACK_TOOLS_BASE_ELF_PIECES_H_
#define LEAKTRACK_TOOLS_BASE_ELF_PIECES_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "absl/functional/function_ref.h"

namespace leaktrack {

class ElfPieces {
 public:
  struct Section {
    std::string_view name;
    uint32_t type = 0, link = 0;
    uint64_t offset = 0, size = 0;  // in the file
  };

  // Reads header, segments, section table, names and notes. The caller keeps `fd` open as long as
  // this lives. Null: not a regular file that begins as ELF does, or there is no room for it.
  static std::unique_ptr<ElfPieces> Read(int fd);
  ~ElfPieces();
  ElfPieces(const ElfPieces&) = delete;
  ElfPieces& operator=(const ElfPieces&) = delete;

  char* data() const { return data_; }
  size_t size() const { return size_; }
  bool torn() const { return torn_; }
  // Sum of all sections. It exceeds size() where sections overlap, which no honest file has.
  uint64_t SectionBytes() const;

  // Reads the wanted sections, and the section that each of them links to.
  void Need(absl::FunctionRef<bool(const Section&)> wanted);
  // Symbol tables and .dynamic.
  void NeedSymbols();
  // The sections that give names and lines.
  void NeedDebugInformation();

 private:
  ElfPieces(int fd, char* data, size_t size);
  void ReadRange(uint64_t offset, uint64_t size);
  void ReadChunks(uint64_t begin, uint64_t end);
  template <typename Header, typename Segment, typename SectionHeader>
  bool ReadTables();
  template <typename SectionHeader>
  void NameSections(uint64_t table, size_t count, uint64_t names);
  template <typename T>
  T At(uint64_t offset) const;

  const int fd_;
  char* const data_;
  const size_t size_;
  std::vector<bool> has_chunk_;
  std::vector<Section> sections_;
  bool torn_ = false;
};

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_BASE_ELF_PIECES_H_
