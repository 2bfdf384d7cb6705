// SPDX-License-Identifier: Apache-2.0
#include "tools/base/own_build_id.h"

#include <elf.h>
#include <link.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>

namespace leaktrack {
namespace {

constexpr size_t Aligned(size_t bytes) { return (bytes + 3) & ~size_t{3}; }

// The build-id in a segment of notes; empty if there is none.
std::string BuildIdIn(const char* notes, size_t bytes) {
  constexpr char kHex[] = "0123456789abcdef";
  for (size_t at = 0; at + sizeof(ElfW(Nhdr)) <= bytes;) {
    ElfW(Nhdr) note;
    memcpy(&note, notes + at, sizeof note);
    const char* const name = notes + at + sizeof note;
    const char* const content = name + Aligned(note.n_namesz);
    at += sizeof note + Aligned(note.n_namesz) + Aligned(note.n_descsz);
    if (at > bytes) break;
    if (note.n_type != NT_GNU_BUILD_ID || note.n_namesz != 4 || memcmp(name, "GNU", 4) != 0)
      continue;
    std::string id;
    for (size_t i = 0; i < note.n_descsz; ++i) {
      const auto byte = static_cast<uint8_t>(content[i]);
      id += kHex[byte >> 4];
      id += kHex[byte & 15];
    }
    return id;
  }
  return "";
}

int LookIntoFirst(dl_phdr_info* object, size_t /*bytes*/, void* found) {
  for (size_t i = 0; i < object->dlpi_phnum; ++i) {
    const ElfW(Phdr)& segment = object->dlpi_phdr[i];
    if (segment.p_type != PT_NOTE) continue;
    std::string id = BuildIdIn(reinterpret_cast<const char*>(object->dlpi_addr + segment.p_vaddr),
                               segment.p_memsz);
    if (id.empty()) continue;
    *static_cast<std::string*>(found) = id;
    break;
  }
  return 1;  // the program itself comes first
}

}  // namespace

std::string OwnBuildId() {
  std::string id;
  dl_iterate_phdr(LookIntoFirst, &id);
  return id;
}

}  // namespace leaktrack
