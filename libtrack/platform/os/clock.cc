// SPDX-License-Identifier: Apache-2.0
#include "libtrack/platform/os/clock.h"

#include <elf.h>
#include <link.h>
#include <sys/auxv.h>

#include "libtrack/platform/os/link_object.h"
#include "libtrack/platform/os/raw.h"

namespace leaktrack::track {
namespace {

constinit std::atomic<int64_t> g_last_coarse_ns{0};

// Installs the clock function. Threads that come at once find the same one.
int FindAndRead(clockid_t clock, timespec* now) {
  ClockFunction found = FindClockInImage(static_cast<uintptr_t>(getauxval(AT_SYSINFO_EHDR)));
  if (found == nullptr) found = ReadClockByCall;
  g_clock.store(found, std::memory_order_relaxed);
  return found(clock, now);
}

}  // namespace

constinit std::atomic<ClockFunction> g_clock{FindAndRead};

ClockFunction FindClockInImage(uintptr_t base) {
  if (base == 0) return nullptr;
  const auto& header = *reinterpret_cast<const ElfW(Ehdr)*>(base);
  if (__builtin_memcmp(header.e_ident, ELFMAG, SELFMAG) != 0) return nullptr;
  const auto* const segments = reinterpret_cast<const ElfW(Phdr)*>(base + header.e_phoff);
  link_map image{};
  for (int i = header.e_phnum - 1; i >= 0; --i) {
    if (segments[i].p_type == PT_LOAD)
      image.l_addr = base + segments[i].p_offset - segments[i].p_vaddr;
  }
  for (int i = 0; i < header.e_phnum; ++i) {
    if (segments[i].p_type != PT_DYNAMIC) continue;
    image.l_ld = reinterpret_cast<ElfW(Dyn)*>(image.l_addr + segments[i].p_vaddr);
  }
  return reinterpret_cast<ClockFunction>(FindInObject(&image, "__vdso_clock_gettime"));
}

int ReadClockByCall(clockid_t clock, timespec* now) {
  if (raw::Forbidden()) {
    const int64_t last = g_last_coarse_ns.load(std::memory_order_relaxed);
    *now = {.tv_sec = last / 1'000'000'000, .tv_nsec = last % 1'000'000'000};
    return 0;
  }
  const long result = raw::Call(SYS_clock_gettime, clock, raw::Ptr(now));
  if (clock == CLOCK_MONOTONIC_COARSE) {
    g_last_coarse_ns.store(int64_t{now->tv_sec} * 1'000'000'000 + now->tv_nsec,
                           std::memory_order_relaxed);
  }
  return static_cast<int>(result);
}

}  // namespace leaktrack::track
