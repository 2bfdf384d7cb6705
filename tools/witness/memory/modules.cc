// SPDX-License-Identifier: Apache-2.0
#include "tools/witness/memory/modules.h"

#include <elf.h>

#include <algorithm>
#include <cstring>

namespace leaktrack::witness {
namespace {

constexpr size_t kMostSegments = 256, kMostNotes = 4096, kMostModules = 1 << 16;

std::string Hex(const unsigned char* bytes, size_t count) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (size_t i = 0; i < count; ++i) {
    text += kDigits[bytes[i] >> 4];
    text += kDigits[bytes[i] & 15];
  }
  return text;
}

std::string BuildIdIn(const std::vector<unsigned char>& notes) {
  size_t at = 0;
  while (at + sizeof(Elf64_Nhdr) <= notes.size()) {
    Elf64_Nhdr note;
    memcpy(&note, notes.data() + at, sizeof note);
    const uint64_t name = at + sizeof note, text = name + (uint64_t{note.n_namesz} + 3) / 4 * 4,
                   end = text + note.n_descsz;
    if (end > notes.size()) return "";
    if (note.n_type == NT_GNU_BUILD_ID && note.n_namesz == 4 && note.n_descsz <= 64 &&
        memcmp(notes.data() + name, "GNU", 4) == 0)
      return Hex(notes.data() + text, note.n_descsz);
    at = (end + 3) / 4 * 4;
  }
  return "";
}

class ModuleReader {
 public:
  explicit ModuleReader(Memory& memory) : memory_(memory) {}

  bool Read(const Mapping& mapping, Module& module) {
    const auto header = memory_.Get<Elf64_Ehdr>(mapping.range.start);
    if (!header || memcmp(header->e_ident, ELFMAG, SELFMAG) != 0 ||
        header->e_ident[EI_CLASS] != ELFCLASS64 || header->e_phentsize != sizeof(Elf64_Phdr))
      return false;
    std::vector<Elf64_Phdr> segments(std::min<size_t>(header->e_phnum, kMostSegments));
    const size_t bytes = segments.size() * sizeof(Elf64_Phdr);
    if (memory_.Read(mapping.range.start + header->e_phoff, segments.data(), bytes) != bytes)
      return false;
    uint64_t lowest = ~uint64_t{0}, highest = 0;
    for (const Elf64_Phdr& segment : segments) {
      if (segment.p_type != PT_LOAD) continue;
      lowest = std::min(lowest, segment.p_vaddr & ~uint64_t{4095});
      highest = std::max(highest, segment.p_vaddr + segment.p_memsz);
    }
    if (lowest >= highest || highest - lowest > uint64_t{1} << 36) return false;
    module.path = mapping.path;
    module.bias = mapping.range.start - lowest;
    module.range = {mapping.range.start, (module.bias + highest + 4095) / 4096 * 4096};
    for (const Elf64_Phdr& segment : segments) TakeSegment(segment, module);
    return true;
  }

 private:
  void TakeSegment(const Elf64_Phdr& segment, Module& module) {
    if (segment.p_type == PT_TLS && segment.p_align <= 65536 && segment.p_memsz < 1 << 28) {
      const uint64_t align = std::max<uint64_t>(segment.p_align, 1);
      module.tls_size = (segment.p_memsz + align - 1) / align * align;
    }
    if (segment.p_type != PT_NOTE || !module.build_id.empty()) return;
    std::vector<unsigned char> notes(std::min<uint64_t>(segment.p_memsz, kMostNotes));
    notes.resize(memory_.Read(module.bias + segment.p_vaddr, notes.data(), notes.size()));
    module.build_id = BuildIdIn(notes);
  }

  Memory& memory_;
};

}  // namespace

std::vector<Module> FindModules(Memory& memory) {
  std::vector<Module> modules;
  ModuleReader reader(memory);
  for (const Mapping& mapping : memory.maps()) {
    Module module;
    if (!mapping.IsFile() || mapping.shared || mapping.offset != 0 || !mapping.readable) continue;
    if (!modules.empty() && mapping.range.start < modules.back().range.end) continue;
    if (modules.size() >= kMostModules || !reader.Read(mapping, module)) continue;
    module.is_program = modules.empty();
    modules.push_back(std::move(module));
  }
  return modules;
}

const Module* FindModule(const std::vector<Module>& modules, uint64_t address) {
  const auto after =
      std::upper_bound(modules.begin(), modules.end(), address,
                       [](uint64_t value, const Module& one) { return value < one.range.start; });
  if (after == modules.begin() || !std::prev(after)->range.Contains(address)) return nullptr;
  return &*std::prev(after);
}

}  // namespace leaktrack::witness
