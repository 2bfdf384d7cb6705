// SPDX-License-Identifier: Apache-2.0
#include "libtrack/wrap/mapping.h"

#include <errno.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include <span>

#include "libtrack/platform/module_map.h"
#include "libtrack/platform/raw.h"
#include "libtrack/platform/real_functions.h"
#include "libtrack/platform/unwinder.h"
#include "libtrack/runtime/run.h"

namespace leaktrack::track {
namespace {

constexpr uintptr_t kPageMask = 4095;

long SetErrno(long result) {
  if (!raw::Failed(result)) return result;
  errno = static_cast<int>(-result);
  return -1;
}

// Before the real functions are known, the system calls themselves serve.
void* RealMmap(void* address, size_t length, int protection, int flags, int fd, off_t offset) {
  if (g_real_resolved.load(std::memory_order_acquire) && g_real.mmap != nullptr) {
    return g_real.mmap(address, length, protection, flags, fd, offset);
  }
  return reinterpret_cast<void*>(SetErrno(raw::Call(SYS_mmap, raw::Ptr(address), static_cast<long>(length), protection,
                                                    flags, fd, offset)));
}

int RealMunmap(void* address, size_t length) {
  if (g_real_resolved.load(std::memory_order_acquire) && g_real.munmap != nullptr) return g_real.munmap(address, length);
  return static_cast<int>(SetErrno(raw::Call(SYS_munmap, raw::Ptr(address), static_cast<long>(length))));
}

void* RealMremap(void* address, size_t old_length, size_t new_length, int flags, void* new_address) {
  if (g_real_resolved.load(std::memory_order_acquire) && g_real.mremap != nullptr) {
    return g_real.mremap(address, old_length, new_length, flags, new_address);
  }
  return reinterpret_cast<void*>(SetErrno(raw::Call(SYS_mremap, raw::Ptr(address), static_cast<long>(old_length),
                                                    static_cast<long>(new_length), flags, raw::Ptr(new_address))));
}

// Module 0 is "unknown", which must not match.
bool IsAllocator(uintptr_t caller) {
  const uint32_t allocator = FindModule(reinterpret_cast<uintptr_t>(g_real.malloc));
  return allocator != 0 && FindModule(caller) == allocator;
}

// Runs `record(site)` with the site of the program's call, if this thread may record. Leaves errno alone.
template <typename RecordFn>
void WithSite(const StackStart& start, RecordFn record) {
  HotThread& hot = hot_thread;
  const int saved_errno = errno;
  {
    const ReentrancyGuard guard(hot);
    ThreadState* state = guard.entered() ? StateForRecording(hot, guard.ticket()) : nullptr;
    if (state != nullptr && !IsAllocator(start.pc)) {
      const WalkResult walk = WalkStack(*state, start);
      record(g_tracker.Intern(capture::SiteKind::kMapping,
                              std::span<const capture::Frame>(state->frames, walk.frame_count), walk.truncated));
    }
  }
  errno = saved_errno;
}

void ForgetRange(uintptr_t start, size_t length) {
  if (!g_filter.is_open()) return;
  const int saved_errno = errno;
  g_tracker.maps().Remove(start, length, NowMs());
  errno = saved_errno;
}

}  // namespace

[[gnu::noinline]] void* MapMemory(void* address, size_t length, int protection, int flags, int fd, off_t offset) {
  const StackStart start = LEAKTRACK_CALLER_STACK_START();
  if ((flags & MAP_FIXED) != 0) ForgetRange(reinterpret_cast<uintptr_t>(address), length);
  void* mapped = RealMmap(address, length, protection, flags, fd, offset);
  const bool memory = (flags & MAP_ANONYMOUS) != 0 && protection != PROT_NONE;
  if (mapped == MAP_FAILED || !memory) return mapped;
  WithSite(start, [&](capture::SiteId site) {
    g_tracker.maps().Add(reinterpret_cast<uintptr_t>(mapped), length, site, NowMs());
  });
  return mapped;
}

[[gnu::noinline]] int UnmapMemory(void* address, size_t length) {
  const auto start = reinterpret_cast<uintptr_t>(address);
  // Before the real call, as another thread may get the range the moment it is free. Calls that will fail change nothing.
  const bool valid = (start & kPageMask) == 0 && length != 0 && start + length > start;
  if (valid) ForgetRange(start, length);
  const int result = RealMunmap(address, length);
  NoteUnmap();
  return result;
}

[[gnu::noinline]] void* RemapMemory(void* address, size_t old_length, size_t new_length, int flags, void* new_address) {
  const StackStart start = LEAKTRACK_CALLER_STACK_START();
  void* moved = RealMremap(address, old_length, new_length, flags, new_address);
  NoteUnmap();
  if (moved == MAP_FAILED) return moved;
  WithSite(start, [&](capture::SiteId site) {
    g_tracker.maps().Move(reinterpret_cast<uintptr_t>(address), old_length, reinterpret_cast<uintptr_t>(moved),
                          new_length, site, NowMs());
  });
  return moved;
}

}  // namespace leaktrack::track
