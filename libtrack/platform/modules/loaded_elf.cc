// SPDX-License-Identifier: Apache-2.0
#include "libtrack/platform/modules/loaded_elf.h"

#include <elf.h>
#include <sys/uio.h>

#include <cstddef>

#include "libtrack/platform/cfi/byte_cursor.h"
#include "libtrack/platform/os/raw.h"

namespace leaktrack::track {
namespace {

constexpr uintptr_t kPage = 4096;
// No real module is larger; a larger one means a damaged header.
constexpr uintptr_t kMaxModuleBytes = uintptr_t{16} << 30;

bool RangeReadable(uintptr_t start, uint64_t bytes) {
  if (bytes == 0 || bytes > (uint64_t{1} << 20)) return false;
  for (uintptr_t page = start & -kPage; page < start + bytes; page += kPage) {
    if (!raw::Readable(reinterpret_cast<const void*>(page))) return false;
  }
  return true;
}

// Copies module memory that another thread's dlclose may unmap at any moment. The kernel copies,
// and reports an error instead of faulting. If it refuses to copy at all (some containers forbid
// the call), pages are probed first, which leaves a small race.
bool CopyMemory(void* to, uintptr_t from, size_t bytes) {
  const iovec local{to, bytes};
  const iovec remote{reinterpret_cast<void*>(from), bytes};
  const long copied =
      raw::Call(SYS_process_vm_readv, raw::Getpid(), raw::Ptr(&local), 1, raw::Ptr(&remote), 1, 0);
  if (copied == static_cast<long>(bytes)) return true;
  constexpr long kNotPermitted = -1, kNoSuchCall = -38;
  if (copied != kNotPermitted && copied != kNoSuchCall) return false;
  if (!RangeReadable(from, bytes)) return false;
  __builtin_memcpy(to, reinterpret_cast<const void*>(from), bytes);
  return true;
}

// Working memory of a refresh. Refreshes exclude each other.
constexpr unsigned kMaxHeaders = 64;
constexpr size_t kMaxNoteBytes = 1024;
constinit Elf64_Phdr g_headers[kMaxHeaders]{};
alignas(8) constinit char g_note[kMaxNoteBytes]{};

bool HeaderIsSane(const Elf64_Ehdr& header) {
  return __builtin_memcmp(header.e_ident, ELFMAG, SELFMAG) == 0 &&
         header.e_ident[EI_CLASS] == ELFCLASS64 && header.e_ident[EI_DATA] == ELFDATA2LSB &&
         header.e_machine == EM_X86_64 && (header.e_type == ET_EXEC || header.e_type == ET_DYN) &&
         header.e_phentsize == sizeof(Elf64_Phdr) && header.e_phnum > 0 &&
         header.e_phnum <= kMaxHeaders && header.e_phoff < 16 * kPage && header.e_phoff % 8 == 0;
}

// Computes extent and bias from the PT_LOAD segments. The segment with file offset 0 is at `base`.
bool FindExtent(uintptr_t base, const Elf64_Phdr* headers, unsigned count, LoadedElf& image) {
  uintptr_t low = UINTPTR_MAX;
  uintptr_t high = 0;
  bool has_base = false;
  for (unsigned i = 0; i < count; ++i) {
    const Elf64_Phdr& p = headers[i];
    if (p.p_type != PT_LOAD || p.p_memsz == 0) continue;
    if (p.p_vaddr > (uintptr_t{1} << 47) || p.p_memsz > kMaxModuleBytes) return false;
    const uintptr_t page_start = p.p_vaddr & -kPage;
    if (!has_base && (p.p_offset & -kPage) == 0) {
      image.bias = base - page_start;
      has_base = true;
    }
    if (page_start < low) low = page_start;
    if (p.p_vaddr + p.p_memsz > high) high = p.p_vaddr + p.p_memsz;
  }
  if (!has_base || high - low > kMaxModuleBytes) return false;
  image.start = image.bias + low;
  image.end = image.bias + ((high + kPage - 1) & -kPage);
  return image.start <= base && base < image.end;
}

void FindCfi(const Elf64_Phdr* headers, unsigned count, const Elf64_Phdr& eh, LoadedElf& image) {
  for (unsigned i = 0; i < count; ++i) {
    const Elf64_Phdr& p = headers[i];
    // A segment cannot have more bytes in the file than in memory. Its end could lie before its
    // start, or outside the module.
    if (p.p_type != PT_LOAD || (p.p_flags & PF_R) == 0 || p.p_filesz > p.p_memsz) continue;
    if (eh.p_vaddr < p.p_vaddr || eh.p_vaddr % 4 != 0) continue;
    const uint64_t inside = eh.p_vaddr - p.p_vaddr;
    if (inside > p.p_filesz || eh.p_memsz > p.p_filesz - inside) continue;
    const uintptr_t header = image.bias + eh.p_vaddr;
    if (!raw::Readable(reinterpret_cast<const void*>(header))) return;
    image.cfi = {.header = header,
                 .header_end = header + eh.p_memsz,
                 .segment_start = image.bias + p.p_vaddr,
                 .segment_end = image.bias + p.p_vaddr + p.p_filesz};
    return;
  }
}

void FindBuildId(const Elf64_Phdr& note, LoadedElf& image) {
  const uintptr_t at = image.bias + note.p_vaddr;
  if (at < image.start || at >= image.end || note.p_memsz > image.end - at ||
      note.p_memsz > kMaxNoteBytes)
    return;
  if (!CopyMemory(g_note, at, note.p_memsz)) return;
  const auto copy = reinterpret_cast<uintptr_t>(g_note);
  ByteCursor cursor(copy, copy + note.p_memsz);
  while (cursor.ok() && !cursor.AtEnd()) {
    const uint32_t name_size = cursor.Read<uint32_t>();
    const uint32_t id_size = cursor.Read<uint32_t>();
    const uint32_t type = cursor.Read<uint32_t>();
    const uintptr_t name = cursor.at();
    cursor.Skip((uint64_t{name_size} + 3) & ~uint64_t{3});
    const uintptr_t id = cursor.at();
    cursor.Skip((uint64_t{id_size} + 3) & ~uint64_t{3});
    if (!cursor.ok()) return;
    const bool gnu =
        name_size == 4 && __builtin_memcmp(reinterpret_cast<const void*>(name), "GNU", 4) == 0;
    if (type != NT_GNU_BUILD_ID || !gnu || id_size > sizeof(image.build_id)) continue;
    __builtin_memcpy(image.build_id, reinterpret_cast<const void*>(id), id_size);
    image.build_id_size = static_cast<uint8_t>(id_size);
    return;
  }
}

}  // namespace

bool ReadLoadedElf(uintptr_t base, LoadedElf& image) {
  image = LoadedElf{};
  Elf64_Ehdr header;
  if (base % kPage != 0 || !CopyMemory(&header, base, sizeof header) || !HeaderIsSane(header))
    return false;
  const Elf64_Phdr* const headers = g_headers;
  const unsigned count = header.e_phnum;
  if (!CopyMemory(g_headers, base + header.e_phoff, count * sizeof(Elf64_Phdr))) return false;
  if (!FindExtent(base, headers, count, image)) return false;
  for (unsigned i = 0; i < count; ++i) {
    if (headers[i].p_type == PT_GNU_EH_FRAME && image.cfi.header == 0)
      FindCfi(headers, count, headers[i], image);
    if (headers[i].p_type == PT_NOTE && image.build_id_size == 0) FindBuildId(headers[i], image);
  }
  return true;
}

}  // namespace leaktrack::track
