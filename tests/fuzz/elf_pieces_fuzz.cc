// SPDX-License-Identifier: Apache-2.0
//
// Fuzzes the reader that takes an ELF file into memory piece by piece, of a file that its owner
// cuts meanwhile.
//
// Input: where the file is cut once its tables have been read (2 bytes, in parts of its length),
// then the file. Held beside "no crash": each byte is the file's or zero; a file that stays whole
// is not called torn; the names of sections lie in what was read.
#include <sys/mman.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <string_view>

#include "tests/fuzz/require.h"
#include "tools/base/elf_pieces.h"

namespace {

using namespace leaktrack;  // NOLINT

void RequireOfFile(const ElfPieces& pieces, std::string_view file) {
  Require(pieces.size() == file.size());
  for (size_t i = 0; i < file.size(); ++i)
    Require(pieces.data()[i] == file[i] || pieces.data()[i] == 0);
}

void LookAtNames(ElfPieces& pieces) {
  pieces.Need([&](const ElfPieces::Section& section) {
    Require(section.name.empty() ||
            (section.name.data() >= pieces.data() &&
             section.name.data() + section.name.size() <= pieces.data() + pieces.size()));
    return section.name == ".gnu_debugdata" || section.name == ".rodata";
  });
}

void ReadAll(int fd, std::string_view file, size_t cut_to) {
  const auto pieces = ElfPieces::Read(fd);
  if (pieces == nullptr) return;
  Require(!pieces->torn());
  pieces->SectionBytes();
  if (cut_to < file.size() && ftruncate(fd, static_cast<off_t>(cut_to)) != 0) abort();
  pieces->NeedSymbols();
  pieces->NeedDebugInformation();
  LookAtNames(*pieces);
  RequireOfFile(*pieces, file);
  Require(cut_to < file.size() || !pieces->torn());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  uint16_t part = 0;
  if (size <= sizeof part) return 0;
  memcpy(&part, data, sizeof part);
  const std::string_view file(reinterpret_cast<const char*>(data) + sizeof part,
                              size - sizeof part);
  const int fd = memfd_create("elf", MFD_CLOEXEC);
  if (fd < 0 || pwrite(fd, file.data(), file.size(), 0) != static_cast<ssize_t>(file.size()))
    abort();
  ReadAll(fd, file, file.size());
  ReadAll(fd, file, file.size() * part / 0xffff);
  close(fd);
  return 0;
}
