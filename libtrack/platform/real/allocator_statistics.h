// SPDX-License-Identifier: Apache-2.0
//
// What the program's allocator says of itself: in use, held free, taken from the system, arenas.
//
//   glibc      mallinfo2 (2.33), before that mallinfo, whose numbers are 32 bits wide: not trusted
//              in a process that has 2 GiB of data, as they may have wrapped. Arenas are counted by
//              their heaps' headers, see below.
//   jemalloc   mallctl stats.*; free is what is resident and not handed out, metadata included
//   tcmalloc   MallocExtension_GetNumericProperty (gperftools); free: page heap, central and thread
//              caches
//   mimalloc   mi_process_info, which tells what is committed and nothing else
//
// Why beside our own sums: blocks are sampled, and what an allocator holds back no sample shows.
// Limits: an allocator linked into the program and not exported is "not known"; each field may be.
// Cost: glibc walks every free chunk of every arena with that arena's lock held (6 to 26 ns a
// chunk; 2.6 ms for 100,000), the others touch each arena or size class for a moment. All take
// locks of the allocator: call it where waiting for ever does no harm.
//
// Thread-safety: FindAllocator once, before the rest; ReadAllocator one at a time.
// Allocates: never (jemalloc may set up its own state of the calling thread).
// Signals: unsafe.
// Fork: what was found stays.
#ifndef LEAKTRACK_LIBTRACK_PLATFORM_REAL_ALLOCATOR_STATISTICS_H_
#define LEAKTRACK_LIBTRACK_PLATFORM_REAL_ALLOCATOR_STATISTICS_H_

#include <cstdint>
#include <string_view>

namespace leaktrack::track {

struct AllocatorReading {  // bytes and a number; -1: not told
  int64_t in_use = -1, free = -1, mapped = -1, arenas = -1;
};

// mallinfo of glibc before 2.33.
struct NarrowMallinfo {
  int arena, ordblks, smblks, hblks, hblkhd, usmblks, fsmblks, uordblks, fordblks, keepcost;
};

// Looks for the functions; from the library's constructor.
void FindAllocator();

// Its name in capture/allocators.h, or empty. Terminated.
const char* AllocatorName();

// Can ReadAllocator tell anything?
bool AllocatorTells();

AllocatorReading ReadAllocator();

// `data_bytes`: what the process has of data, which bounds what the allocator can have; below 0:
// not known.
AllocatorReading FromNarrow(const NarrowMallinfo& info, int64_t data_bytes);

// Arenas of glibc: the main one and every heap that begins with the header of an arena's first
// heap.
int64_t CountGlibcArenas();

}  // namespace leaktrack::track

#endif  // LEAKTRACK_LIBTRACK_PLATFORM_REAL_ALLOCATOR_STATISTICS_H_
