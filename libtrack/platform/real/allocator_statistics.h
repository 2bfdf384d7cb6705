// SPDX-License-Identifier: Apache-2.0
//
// What the program's allocator reports: bytes in use, free, and taken from the system, and its
// arenas.
//
//  glibc      mallinfo2 (2.33), before that mallinfo. Its numbers are 32 bits wide, so they are not
//             trusted in a process with 2 GiB of data: they may have wrapped. Arenas are counted by
//             their heaps' headers, see below.
//  jemalloc   mallctl stats.*; free: resident and not handed out, metadata included
//  tcmalloc   MallocExtension_GetNumericProperty (gperftools); free: page heap, central and thread
//             caches
//  mimalloc   mi_process_info, which tells only what is committed
//
// Why this in addition to our own sums: blocks are sampled, and no sample shows what an allocator
// holds back.
// Limits: an allocator that is linked into the program and not exported is "not known". So may be
// each field.
// Cost: glibc walks every free chunk of every arena with that arena's lock held (6 to 26 ns per
// chunk; 2.6 ms for 100,000). The others touch each arena or size class briefly. All take locks of
// the allocator, so call it where waiting for ever does no harm.
//
// Thread-safety: FindAllocator once, before the rest; ReadAllocator one at a time.
// Allocates: never (jemalloc may set up its own state for the calling thread).
// Signals: unsafe.
// Fork: what was found stays valid.
#ifndef LEAKTRACK_LIBTRACK_PLATFORM_REAL_ALLOCATOR_STATISTICS_H_
#define LEAKTRACK_LIBTRACK_PLATFORM_REAL_ALLOCATOR_STATISTICS_H_

#include <cstdint>
#include <string_view>

namespace leaktrack::track {

struct AllocatorReading {  // bytes, and a count; -1: not told
  int64_t in_use = -1, free = -1, mapped = -1, arenas = -1;
};

// mallinfo of glibc before 2.33.
struct NarrowMallinfo {
  int arena, ordblks, smblks, hblks, hblkhd, usmblks, fsmblks, uordblks, fordblks, keepcost;
};

// Looks for the functions. Called by the library's constructor.
void FindAllocator();

// The name in capture/allocators.h, or empty. Always terminated.
const char* AllocatorName();

// True if ReadAllocator can tell anything.
bool AllocatorTells();

AllocatorReading ReadAllocator();

// `data_bytes` is the process's data, which limits what the allocator can have. Below 0: not known.
AllocatorReading FromNarrow(const NarrowMallinfo& info, int64_t data_bytes);

// Counts glibc's arenas: the main one, and every heap that begins with the header of an arena's
// first heap.
int64_t CountGlibcArenas();

}  // namespace leaktrack::track

#endif  // LEAKTRACK_LIBTRACK_PLATFORM_REAL_ALLOCATOR_STATISTICS_H_
