// SPDX-License-Identifier: Apache-2.0
//
// All blocks of glibc's allocator in a process, without symbols.
//
// Promises: what the allocator's structures do not support is not believed: a walk that does not
// end at an arena's top, lists of free blocks that lead elsewhere, and mapped blocks whose number
// is not the allocator's own are said in the heap's doubts. Memory of our own is bounded.
// Limits: glibc 2.30 to 2.41; in others caches of threads are not recognised, which is said.
#ifndef LEAKTRACK_TOOLS_WITNESS_HEAPS_GLIBC_HEAP_H_
#define LEAKTRACK_TOOLS_WITNESS_HEAPS_GLIBC_HEAP_H_

#include <cstddef>
#include <vector>

#include "tools/witness/heaps/blocks.h"
#include "tools/witness/memory/memory.h"

namespace leaktrack::witness {

struct HeapLimits {
  size_t blocks = size_t{1} << 26;
  size_t pointers = size_t{1} << 27;
};

// `allocator` is empty where there is none of glibc's. `own_state`: ranges that belong to the
// allocator itself and hold nothing for the program. `constants`: where vtables lie.
Heap ReadGlibcHeap(Memory& memory, const HeapLimits& limits, const std::vector<Range>& constants,
                   std::vector<Range>& own_state);

}  // namespace leaktrack::witness

#endif  // LEAKTRACK_TOOLS_WITNESS_HEAPS_GLIBC_HEAP_H_
