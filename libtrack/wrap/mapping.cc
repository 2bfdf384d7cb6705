// SPDX-License-Identifier: Apache-2.0
#include "libtrack/wrap/mapping.h"

#include <errno.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include <span>

#include "libtrack/platform/modules/module_map.h"
#include "libtrack/platform/os/raw.h"
#include "libtrack/platform/real/real_functions.h"
#include "libtrack/platform/os/signal_mask.h"
#include "libtrack/platform/walk/unwinder.h"
#include "libtrack/runtime/run.h"
#include "libtrack/wrap/inner_calls.h"

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
  const uint32_t allocator = FindModule(reinterpret_cast<uintptr_t>(RealMalloc()));
  return allocator != 0 && FindModule(caller) == allocator;
}

// Runs `record(site)` with the site of the program's call, if this thread may record. Leaves errno alone.
template <typename RecordFn>
void WithSite(const StackStart& start, RecordFn record) {
  HotThread& hot = hot_thread;
  const int saved_errno = errno;
  {
    const HookGuard guard;
    ThreadState* state = StateForRecording(hot, guard);
    if (state == nullptr) {
      CountIfNested(guard);
    } else if (!IsAllocator(start.pc)) {
      const WalkResult walk = WalkStack(*state, start);
      record(g_tracker.Intern({capture::SiteKind::kMapping, {state->frames, walk.frame_count}, walk.truncated, walk.fold}));
    }
  }
  errno = saved_errno;
}

// Books in the table of mappings, with signals blocked: a handler could jump away from its lock. Leaves errno alone.
template <typename BookFn>
void Book(BookFn book) {
  const int saved_errno = errno;
  {
    const SignalsBlocked blocked;
    book(g_tracker.maps(), NowMs());
  }
  errno = saved_errno;
}

bool NothingToForget() { return !g_filter.is_open() || g_tracker.maps().empty(); }

void ForgetRange(uintptr_t start, size_t length) {
  if (NothingToForget()) return;
  Book([=](MapTable& maps, uint64_t now_ms) { maps.Remove(start, length, now_ms); });
}

// Takes the range out before it may become another thread's; to be settled or put back.
void Detach(uintptr_t start, size_t length, DetachedMappings& detached) {
  if (NothingToForget()) return;
  Book([&](MapTable& maps, uint64_t now_ms) { maps.Detach(start, length, now_ms, &detached); });
}

void EndDetached(const DetachedMappings& detached, bool unmapped) {
  if (detached.count == 0 || !g_filter.is_open()) return;  // shut meanwhile: a vfork child cannot, a fork child forgets all
  Book([&](MapTable& maps, uint64_t now_ms) {
    if (unmapped) {
      maps.Settle(detached, now_ms);
    } else {
      maps.Reattach(detached, now_ms);
    }
  });
}

void Remember(const StackStart& start, void* mapped, size_t length) {
  WithSite(start, [=](capture::SiteId site) {
    Book([=](MapTable& maps, uint64_t now_ms) { maps.Add(reinterpret_cast<uintptr_t>(mapped), length, site, now_ms); });
  });
}

}  // namespace

void ForgetMapping(const void* start, size_t length) { ForgetRange(reinterpret_cast<uintptr_t>(start), length); }

[[gnu::noinline]] void* MapMemory(void* address, size_t length, int protection, int flags, int fd, off_t offset) {
  const StackStart start = LEAKTRACK_CALLER_STACK_START();
  void* mapped = RealMmap(address, length, protection, flags, fd, offset);
  if (mapped == MAP_FAILED) return mapped;
  // Only now, because a call that failed has replaced nothing; what was there before is the caller's until then.
  if ((flags & MAP_FIXED) != 0) {
    ForgetRange(reinterpret_cast<uintptr_t>(mapped), length);
    NoteUnmap();
  }
  if ((flags & MAP_ANONYMOUS) != 0 && protection != PROT_NONE) Remember(start, mapped, length);
  return mapped;
}

[[gnu::noinline]] int UnmapMemory(void* address, size_t length) {
  const auto start = reinterpret_cast<uintptr_t>(address);
  const bool valid = (start & kPageMask) == 0 && length != 0 && start + length > start;
  DetachedMappings detached;
  if (valid) Detach(start, length, detached);
  const int result = RealMunmap(address, length);
  EndDetached(detached, result == 0);
  NoteUnmap();
  return result;
}

[[gnu::noinline]] void* RemapMemory(void* address, size_t old_length, size_t new_length, int flags, void* new_address) {
  const StackStart start = LEAKTRACK_CALLER_STACK_START();
  DetachedMappings detached;
  Detach(reinterpret_cast<uintptr_t>(address), old_length, detached);
  void* moved = RealMremap(address, old_length, new_length, flags, new_address);
  EndDetached(detached, moved != MAP_FAILED);
  NoteUnmap();
  if (moved == MAP_FAILED) return moved;
  if ((flags & MREMAP_FIXED) != 0) ForgetRange(reinterpret_cast<uintptr_t>(moved), new_length);
  if (detached.bytes != 0) Remember(start, moved, new_length);  // what was not recorded stays unrecorded
  return moved;
}

}  // namespace leaktrack::track
