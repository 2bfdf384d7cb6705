// SPDX-License-Identifier: Apache-2.0
//
// An ELF file's headers and symbol tables, open for libelf.
//
// Promises: regular files only, any contents; the file is read in pieces and never mapped, so that
// one that shrinks meanwhile does no harm.
// Thread-safety: none.
#ifndef LEAKTRACK_TOOLS_INSPECT_ELF_TABLES_H_
#define LEAKTRACK_TOOLS_INSPECT_ELF_TABLES_H_

#include <gelf.h>

#include <memory>
#include <optional>
#include <string>

#include "tools/base/elf_pieces.h"

namespace leaktrack {

class ElfTables {
 public:
  explicit ElfTables(const std::string& path);
  ~ElfTables();
  ElfTables(const ElfTables&) = delete;
  ElfTables& operator=(const ElfTables&) = delete;

  // Empty: the file is no ELF file, or cannot be read.
  std::optional<GElf_Ehdr> Header() const;

  Elf* elf() const { return elf_; }
  int fd() const { return fd_; }

 private:
  int fd_ = -1;
  std::unique_ptr<ElfPieces> pieces_;
  Elf* elf_ = nullptr;
};

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_INSPECT_ELF_TABLES_H_
