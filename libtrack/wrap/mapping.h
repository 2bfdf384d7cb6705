// SPDX-License-Identifier: Apache-2.0
//
// What mmap, munmap and mremap mean for the record.
//
// Recorded: private or shared anonymous mappings that can be touched (not PROT_NONE: address space is not memory) and
// that the program asked for itself. The allocator's own mappings are recognised by the caller's address lying in the
// allocator's text, and are left to the heap hooks (D11, pitfall S13).
//
// Thread-safety: yes.   Allocates: no.   Signals: as the real calls.   Fork: inert until the child's run starts.
#ifndef LEAKTRACK_LIBTRACK_WRAP_MAPPING_H_
#define LEAKTRACK_LIBTRACK_WRAP_MAPPING_H_

#include <sys/types.h>

#include <cstddef>

namespace leaktrack::track {

// Reached by tail calls from the interposers, as in heap.h.
void* MapMemory(void* address, size_t length, int protection, int flags, int fd, off_t offset);
int UnmapMemory(void* address, size_t length);
void* RemapMemory(void* address, size_t old_length, size_t new_length, int flags, void* new_address);

// What is recorded in the range is no mapping of the program's any more.
void ForgetMapping(const void* start, size_t length);

}  // namespace leaktrack::track

#endif  // LEAKTRACK_LIBTRACK_WRAP_MAPPING_H_
