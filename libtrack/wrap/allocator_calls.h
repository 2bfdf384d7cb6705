// SPDX-License-Identifier: Apache-2.0
//
// The calls that allocators have beside malloc and free: jemalloc's (mallocx, sdallocx ...),
// tcmalloc's (tc_*), mimalloc's (mi_*), and C23's free_sized and free_aligned_sized.
//
// What: where an object of the start imports one of them and an allocator behind us defines it, the
// call is counted like its counterpart of the malloc family. So no block looks alive that one of
// these calls freed. Refuses: heaps of the program's own (mi_heap_*), whose blocks end with them;
// blocks that mimalloc makes as copies (mi_strdup ...); a size that is changed in place (xallocx,
// mi_expand); objects that are loaded later by dlopen.
//
// Thread-safety: RedirectAllocatorCalls() once, at the start; the calls from any thread.
// Allocates: what the program asked for.
// Signals: as the allocator.
// Fork: as heap.h.
#ifndef LEAKTRACK_LIBTRACK_WRAP_ALLOCATOR_CALLS_H_
#define LEAKTRACK_LIBTRACK_WRAP_ALLOCATOR_CALLS_H_

namespace leaktrack::track {

// Called by the library's constructor once the real functions are known.
void RedirectAllocatorCalls();

}  // namespace leaktrack::track

#endif  // LEAKTRACK_LIBTRACK_WRAP_ALLOCATOR_CALLS_H_
