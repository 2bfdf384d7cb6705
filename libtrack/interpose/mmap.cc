// SPDX-License-Identifier: Apache-2.0
//
// The names of the mapping calls. libc's own mappings (thread stacks, the loader, glibc's malloc)
// do not pass through here.
#include <sys/types.h>

#include <cstdarg>
#include <cstddef>
#include <cstdint>

#include "libtrack/interpose/export.h"
#include "libtrack/wrap/locking.h"
#include "libtrack/wrap/mapping.h"
#include "libtrack/wrap/segments.h"

using leaktrack::track::AttachSegment;
using leaktrack::track::DetachSegment;
using leaktrack::track::LockAllMemory;
using leaktrack::track::MapMemory;
using leaktrack::track::MapMemory64;
using leaktrack::track::MoveBreak;
using leaktrack::track::ProtectMemory;
using leaktrack::track::ProtectMemoryByKey;
using leaktrack::track::RemapMemory;
using leaktrack::track::SetBreak;
using leaktrack::track::UnmapMemory;

LEAKTRACK_EXPORT void* mmap(void* address, size_t length, int protection, int flags, int fd,
                            off_t offset) {
  return MapMemory(address, length, protection, flags, fd, offset);
}

LEAKTRACK_EXPORT void* mmap64(void* address, size_t length, int protection, int flags, int fd,
                              off_t offset) {
  return MapMemory64(address, length, protection, flags, fd, offset);
}

LEAKTRACK_EXPORT int munmap(void* address, size_t length) { return UnmapMemory(address, length); }

LEAKTRACK_EXPORT int mlockall(int flags) { return LockAllMemory(flags); }

// The real function is variadic. On x86-64 the fifth argument lies in the same register either way.
LEAKTRACK_EXPORT void* mremap(void* address, size_t old_length, size_t new_length, int flags,
                              void* new_address) {
  return RemapMemory(address, old_length, new_length, flags, new_address);
}

LEAKTRACK_EXPORT int mprotect(void* address, size_t length, int protection) {
  return ProtectMemory(address, length, protection);
}

LEAKTRACK_EXPORT int pkey_mprotect(void* address, size_t length, int protection, int key) {
  return ProtectMemoryByKey(address, length, protection, key);
}

LEAKTRACK_EXPORT void* shmat(int id, const void* address, int flags) {
  return AttachSegment(id, address, flags);
}

LEAKTRACK_EXPORT int shmdt(const void* address) { return DetachSegment(address); }

LEAKTRACK_EXPORT int brk(void* address) { return SetBreak(address); }

LEAKTRACK_EXPORT void* sbrk(intptr_t by) { return MoveBreak(by); }
