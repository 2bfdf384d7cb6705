// SPDX-License-Identifier: Apache-2.0
//
// What the mapping calls mean for the record: mmap, munmap, mremap and mprotect.
//
// Recorded are mappings that the program itself asked for and that take memory: anonymous ones,
// private or shared, and writable ones of files in memory (memfd, tmpfs, /dev/zero).
// A mapping that cannot be written is address space, not memory. It grows by what mprotect opens,
// at the site of that call. (A private mapping that can only be read is all one page of zeroes.)
// What mprotect closes again stays recorded, because the kernel keeps its pages. Opening it a
// second time is no growth.
// mremap with length 0 makes a copy, which is one mapping more. With MREMAP_DONTUNMAP the old range
// also stays a mapping. remap_file_pages needs no hook: it fills a range that is recorded already.
//
// Thread-safety: yes.
// Allocates: no.
// Signals: as the real calls.
// Fork: inert until the child's run starts.
#ifndef LEAKTRACK_LIBTRACK_WRAP_MAPPING_H_
#define LEAKTRACK_LIBTRACK_WRAP_MAPPING_H_

#include <sys/types.h>

#include <cstddef>
#include <cstdint>

#include "libtrack/platform/walk/unwinder.h"

namespace leaktrack::track {

// How the real call is made. mmap64 is the second name of mmap. If the program calls syscall(), the
// kernel is asked directly: the function of that name may be an allocator's, which makes that very
// system call.
enum class RealCall : uint8_t { kByName, kBySecondName, kByNumber };

// The interposers reach these by tail calls, as in heap.h.
void* MapMemory(void* address, size_t length, int protection, int flags, int fd, off_t offset);
void* MapMemory64(void* address, size_t length, int protection, int flags, int fd, off_t offset);
int UnmapMemory(void* address, size_t length);
void* RemapMemory(void* address, size_t old_length, size_t new_length, int flags,
                  void* new_address);
int ProtectMemory(void* address, size_t length, int protection);
int ProtectMemoryByKey(void* address, size_t length, int protection, int key);

// The same for a caller whose frame is known already.
void* MapMemoryFrom(const StackStart& start, RealCall real, void* address, size_t length,
                    int protection, int flags, int fd, off_t offset);
int UnmapMemoryFrom(RealCall real, void* address, size_t length);
void* RemapMemoryFrom(const StackStart& start, RealCall real, void* address, size_t old_length,
                      size_t new_length, int flags, void* new_address);
int ProtectMemoryFrom(const StackStart& start, RealCall real, void* address, size_t length,
                      int protection);
int ProtectMemoryByKeyFrom(const StackStart& start, void* address, size_t length, int protection,
                           int key);

// Removes the record of the range: it is no longer a mapping of the program's.
void ForgetMapping(const void* start, size_t length);

}  // namespace leaktrack::track

#endif  // LEAKTRACK_LIBTRACK_WRAP_MAPPING_H_
