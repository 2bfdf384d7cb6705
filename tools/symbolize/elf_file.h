// SPDX-License-Identifier: Apache-2.0
//
// An ELF file opened for reading, and what must be known before its contents are believed.
//
// Promises: opens regular files only (a path in a capture may name a fifo or a device, and opening
// those does things); refuses what is not 64-bit ELF; survives any contents, and any change of them
// meanwhile: what is used is read into memory of our own (elf_pieces.h), the rest takes none. Ask
// for what elf() is to be looked at for: NeedSymbols, NeedDebugInformation.
//
// Thread-safety: none.
#ifndef LEAKTRACK_TOOLS_SYMBOLIZE_ELF_FILE_H_
#define LEAKTRACK_TOOLS_SYMBOLIZE_ELF_FILE_H_

#include <gelf.h>

#include <cstdint>
#include <memory>
#include <string>

#include "tools/base/elf_pieces.h"

namespace leaktrack {

struct DebugLink {
  std::string name;  // empty: the file has none
  uint32_t crc = 0;
};

class ElfFile {
 public:
  // Null when there is no such file (`error` is then empty) or when it cannot be used (`error` says
  // why).
  static std::unique_ptr<ElfFile> Open(const std::string& path, std::string* error);
  ~ElfFile();
  ElfFile(const ElfFile&) = delete;
  ElfFile& operator=(const ElfFile&) = delete;

  Elf* elf() const { return elf_; }
  void NeedSymbols() const { pieces_->NeedSymbols(); }
  void NeedDebugInformation() const { pieces_->NeedDebugInformation(); }
  bool torn() const { return pieces_->torn(); }  // became shorter while it was read

  // The same file for libdw to find others beside it, which needs a descriptor: read by libelf
  // itself. Null: too large, or no honest file. For its caller to end.
  Elf* NewElfByDescriptor() const;
  // The symbol table that is packed into .gnu_debugdata (MiniDebugInfo), as an ELF file; empty if
  // there is none.
  std::string MiniDebugInfo() const;

  const std::string& path() const { return path_; }
  const std::string& build_id() const { return build_id_; }  // lower-case hex; empty if it has none
  uint64_t inode() const { return inode_; }
  uint64_t lowest_code() const { return lowest_code_; }  // smallest address of executable code
  bool has_symtab() const { return has_symtab_; }
  bool has_debug_info() const { return has_debug_info_; }

  DebugLink debug_link() const;
  uint32_t Crc32() const;  // of the whole file, as .gnu_debuglink has it

 private:
  ElfFile(std::string path, int fd, uint64_t inode)
      : path_(std::move(path)), fd_(fd), inode_(inode) {}
  bool Inspect();

  std::string path_;
  int fd_;
  std::unique_ptr<ElfPieces> pieces_;
  Elf* elf_ = nullptr;
  uint64_t inode_;
  uint64_t lowest_code_ = 0;
  std::string build_id_;
  bool has_symtab_ = false, has_debug_info_ = false;
};

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_SYMBOLIZE_ELF_FILE_H_
