// SPDX-License-Identifier: Apache-2.0
//
// What each call of the malloc family means for the record: order, failure, identity of blocks.
//
// These are the slow paths. The interposers (libtrack/interpose) come here only when the thread's
// budget is used up or the freed block may be tracked. They must come by a tail call from the
// function that the program called: the caller's frame is then the program's (see
// LEAKTRACK_CALLER_STACK_START).
//
// Order (pitfall S1): a birth is recorded after the real call, a death before it. realloc: the old
// block leaves the table first and is put back if the call fails. errno is the real function's.
//
// Thread-safety: yes.
// Allocates: what the program asked for.
// Signals: safe where the real function is.
// Fork: a child that has not started its run passes everything through.
#ifndef LEAKTRACK_LIBTRACK_WRAP_HEAP_H_
#define LEAKTRACK_LIBTRACK_WRAP_HEAP_H_

#include <cstddef>

namespace leaktrack::track {

void* MallocSlow(size_t size);
void* CallocSlow(size_t count, size_t size);
void* ReallocSlow(void* block, size_t size);
void* ReallocarraySlow(void* block, size_t count, size_t size);
int PosixMemalignSlow(void** block, size_t alignment, size_t size);
void* AlignedAllocSlow(size_t alignment, size_t size);
void* MemalignSlow(size_t alignment, size_t size);
void* VallocSlow(size_t size);
void* PvallocSlow(size_t size);
void FreeSlow(void* block);

// An allocation function of any signature that takes a size, and maybe an alignment and a tag. For
// operator new of an allocator that defines its own.
using AllocateFn = void* (*)(size_t, size_t, const void*);
void* AllocateSlow(AllocateFn real, size_t size, size_t alignment, const void* tag);

}  // namespace leaktrack::track

#endif  // LEAKTRACK_LIBTRACK_WRAP_HEAP_H_
