// SPDX-License-Identifier: Apache-2.0
//
// Marks the blocks that glibc keeps in caches of threads and in fast bins: their chunks look used.
//
// Promises: a list is believed as far as each of its links leads to a block of the right size. What
// looks like a cache is one if most of its lists end as its counters say; a bin whose list does not
// end leaves a doubt.
#ifndef LEAKTRACK_TOOLS_WITNESS_HEAPS_FREE_LISTS_H_
#define LEAKTRACK_TOOLS_WITNESS_HEAPS_FREE_LISTS_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "tools/witness/heaps/blocks.h"
#include "tools/witness/heaps/glibc_arenas.h"
#include "tools/witness/memory/memory.h"

namespace leaktrack::witness {

// `caches`: blocks that may be caches. Returns how many are.
size_t MarkFreeLists(Memory& memory, const FoundArenas& arenas, const std::vector<uint64_t>& caches,
                     Heap& heap);

}  // namespace leaktrack::witness

#endif  // LEAKTRACK_TOOLS_WITNESS_HEAPS_FREE_LISTS_H_
