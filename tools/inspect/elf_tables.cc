// SPDX-License-Identifier: Apache-2.0
#include "tools/inspect/elf_tables.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace leaktrack {

ElfTables::ElfTables(const std::string& path) {
  struct stat info {};
  if (stat(path.c_str(), &info) != 0 || !S_ISREG(info.st_mode)) return;
  fd_ = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
  if (fd_ < 0) return;
  elf_version(EV_CURRENT);
  pieces_ = ElfPieces::Read(fd_);
  if (pieces_ == nullptr) return;
  pieces_->NeedSymbols();
  elf_ = elf_memory(pieces_->data(), pieces_->size());
}

ElfTables::~ElfTables() {
  elf_end(elf_);
  if (fd_ >= 0) close(fd_);
}

std::optional<GElf_Ehdr> ElfTables::Header() const {
  GElf_Ehdr header;
  if (elf_ == nullptr || elf_kind(elf_) != ELF_K_ELF || gelf_getehdr(elf_, &header) == nullptr)
    return std::nullopt;
  return header;
}

}  // namespace leaktrack
