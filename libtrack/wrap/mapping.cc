// SPDX-License-Identifier: Apache-2.0
#include "libtrack/wrap/mapping.h"

#include <errno.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include <atomic>

#include "libtrack/platform/os/raw.h"
#include "libtrack/platform/real/real_functions.h"
#include "libtrack/wrap/file_memory.h"
#include "libtrack/wrap/mapping_books.h"

namespace leaktrack::track {
namespace {

constexpr uintptr_t kPageMask = 4095;

long SetErrno(long result) {
  if (!raw::Failed(result)) return result;
  errno = static_cast<int>(-result);
  return -1;
}

bool Resolved() { return g_real_resolved.load(std::memory_order_acquire); }

// Before the real functions are known, the system call itself is used.
void* RealMmap(RealCall real, void* address, size_t length, int protection, int flags, int fd,
               off_t offset) {
  if (real != RealCall::kByNumber && Resolved() && g_real.mmap != nullptr) {
    const auto named = real == RealCall::kBySecondName ? g_real.mmap64 : g_real.mmap;
    return named(address, length, protection, flags, fd, offset);
  }
  return reinterpret_cast<void*>(SetErrno(raw::Call(
      SYS_mmap, raw::Ptr(address), static_cast<long>(length), protection, flags, fd, offset)));
}

int RealMunmap(RealCall real, void* address, size_t length) {
  if (real == RealCall::kByName && Resolved() && g_real.munmap != nullptr)
    return g_real.munmap(address, length);
  return static_cast<int>(
      SetErrno(raw::Call(SYS_munmap, raw::Ptr(address), static_cast<long>(length))));
}

void* RealMremap(RealCall real, void* address, size_t old_length, size_t new_length, int flags,
                 void* new_address) {
  if (real == RealCall::kByName && Resolved() && g_real.mremap != nullptr) {
    return g_real.mremap(address, old_length, new_length, flags, new_address);
  }
  return reinterpret_cast<void*>(
      SetErrno(raw::Call(SYS_mremap, raw::Ptr(address), static_cast<long>(old_length),
                         static_cast<long>(new_length), flags, raw::Ptr(new_address))));
}

int RealMprotect(RealCall real, void* address, size_t length, int protection) {
  if (real == RealCall::kByName && Resolved() && g_real.mprotect != nullptr)
    return g_real.mprotect(address, length, protection);
  return static_cast<int>(
      SetErrno(raw::Call(SYS_mprotect, raw::Ptr(address), static_cast<long>(length), protection)));
}

enum class Meaning : uint8_t { kNothing, kReservation, kMemory };

// A page of a private anonymous mapping costs memory once it is written. A page of a shared one
// costs memory also when it is read.
Meaning MeaningOf(int protection, int flags, int fd) {
  const bool anonymous = (flags & MAP_ANONYMOUS) != 0, writable = (protection & PROT_WRITE) != 0;
  if (!anonymous && !writable && protection != PROT_NONE) {  // a file that is only read
    return Meaning::kNothing;
  }
  if (!anonymous && !IsFileInMemory(fd)) return Meaning::kNothing;
  const bool costs = writable || (protection != PROT_NONE && (flags & MAP_TYPE) != MAP_PRIVATE);
  return costs ? Meaning::kMemory : Meaning::kReservation;
}

void AfterProtect(const StackStart& start, void* address, size_t length, int protection) {
  if ((protection & PROT_READ) == 0) NoteUnmap();  // a stack that was probed may lie there
  if ((protection & PROT_WRITE) == 0) return;
  OpenReserved(start, reinterpret_cast<uintptr_t>(address), length);
}

// mremap cannot copy a private mapping: the kernel makes a new, empty one.
void* CopyMapping(const StackStart& start, RealCall real, void* address, size_t new_length,
                  int flags, void* new_address) {
  const MapTable::Kind kind = KindOfRange(reinterpret_cast<uintptr_t>(address), 1);
  void* const copy = RealMremap(real, address, 0, new_length, flags, new_address);
  if (copy == MAP_FAILED) return copy;
  const auto mapped = reinterpret_cast<uintptr_t>(copy);
  if ((flags & MREMAP_FIXED) != 0) ForgetRange(mapped, new_length);
  if (kind == MapTable::Kind::kMapping) RememberMapping(start, mapped, new_length);
  if (kind == MapTable::Kind::kReserved) ReserveMapping(start, mapped, new_length);
  return copy;
}

}  // namespace

void ForgetMapping(const void* start, size_t length) {
  ForgetRange(reinterpret_cast<uintptr_t>(start), length);
}

void* MapMemoryFrom(const StackStart& start, RealCall real, void* address, size_t length,
                    int protection, int flags, int fd, off_t offset) {
  void* const result = RealMmap(real, address, length, protection, flags, fd, offset);
  if (result == MAP_FAILED) return result;
  const auto mapped = reinterpret_cast<uintptr_t>(result);
  // Only now, because a failed call has replaced nothing: until here the range belongs to its old
  // mapping. A range that still counts as reserved was unmapped without our seeing it.
  if ((flags & MAP_FIXED) != 0) NoteUnmap();
  if ((flags & MAP_FIXED) != 0 || MayBeReserved(mapped, length)) ForgetRange(mapped, length);
  const Meaning meaning = MeaningOf(protection, flags, fd);
  if (meaning == Meaning::kMemory) RememberMapping(start, mapped, length);
  if (meaning == Meaning::kReservation) ReserveMapping(start, mapped, length);
  return result;
}

[[gnu::noinline]] void* MapMemory(void* address, size_t length, int protection, int flags, int fd,
                                  off_t offset) {
  return MapMemoryFrom(LEAKTRACK_CALLER_STACK_START(), RealCall::kByName, address, length,
                       protection, flags, fd, offset);
}

[[gnu::noinline]] void* MapMemory64(void* address, size_t length, int protection, int flags, int fd,
                                    off_t offset) {
  return MapMemoryFrom(LEAKTRACK_CALLER_STACK_START(), RealCall::kBySecondName, address, length,
                       protection, flags, fd, offset);
}

int UnmapMemoryFrom(RealCall real, void* address, size_t length) {
  const auto start = reinterpret_cast<uintptr_t>(address);
  const bool valid = (start & kPageMask) == 0 && length != 0 && start + length > start;
  DetachedMappings detached;
  if (valid) DetachRange(start, length, detached);
  const int result = RealMunmap(real, address, length);
  EndDetached(detached, result == 0);
  NoteUnmap();
  return result;
}

[[gnu::noinline]] int UnmapMemory(void* address, size_t length) {
  return UnmapMemoryFrom(RealCall::kByName, address, length);
}

void* RemapMemoryFrom(const StackStart& start, RealCall real, void* address, size_t old_length,
                      size_t new_length, int flags, void* new_address) {
  if (old_length == 0) return CopyMapping(start, real, address, new_length, flags, new_address);
  const auto old = reinterpret_cast<uintptr_t>(address);
  DetachedMappings detached;
  DetachRange(old, old_length, detached);
  void* const result = RealMremap(real, address, old_length, new_length, flags, new_address);
  EndDetached(detached, result != MAP_FAILED && (flags & MREMAP_DONTUNMAP) == 0);
  NoteUnmap();
  if (result == MAP_FAILED) return result;
  const auto moved = reinterpret_cast<uintptr_t>(result);
  if ((flags & MREMAP_FIXED) != 0) ForgetRange(moved, new_length);
  // A range that was not recorded stays unrecorded.
  if (detached.bytes != 0) {
    RememberMapping(start, moved, new_length);
  } else if (detached.reserved_count != 0) {
    ReserveMapping(start, moved, new_length);
  }
  return result;
}

[[gnu::noinline]] void* RemapMemory(void* address, size_t old_length, size_t new_length, int flags,
                                    void* new_address) {
  return RemapMemoryFrom(LEAKTRACK_CALLER_STACK_START(), RealCall::kByName, address, old_length,
                         new_length, flags, new_address);
}

int ProtectMemoryFrom(const StackStart& start, RealCall real, void* address, size_t length,
                      int protection) {
  const int result = RealMprotect(real, address, length, protection);
  if (result == 0) AfterProtect(start, address, length, protection);
  return result;
}

[[gnu::noinline]] int ProtectMemory(void* address, size_t length, int protection) {
  return ProtectMemoryFrom(LEAKTRACK_CALLER_STACK_START(), RealCall::kByName, address, length,
                           protection);
}

// Older C libraries lack this function, which adds nothing to the system call.
int ProtectMemoryByKeyFrom(const StackStart& start, void* address, size_t length, int protection,
                           int key) {
  const long result = SetErrno(
      raw::Call(SYS_pkey_mprotect, raw::Ptr(address), static_cast<long>(length), protection, key));
  if (result == 0) AfterProtect(start, address, length, protection);
  return static_cast<int>(result);
}

[[gnu::noinline]] int ProtectMemoryByKey(void* address, size_t length, int protection, int key) {
  // Without a key it is mprotect, even where the kernel has no keys.
  if (key == -1) {
    return ProtectMemoryFrom(LEAKTRACK_CALLER_STACK_START(), RealCall::kByName, address, length,
                             protection);
  }
  return ProtectMemoryByKeyFrom(LEAKTRACK_CALLER_STACK_START(), address, length, protection, key);
}

}  // namespace leaktrack::track
