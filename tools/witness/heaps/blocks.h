// SPDX-License-Identifier: Apache-2.0
//
// The blocks of a heap, and which block points to which, as one look found them.
//
// What: blocks by address; per block the granules that its words point to, later the numbers of the
// blocks there. 16 bytes a block and 4 a pointer, because a heap may have 20 million of both.
#ifndef LEAKTRACK_TOOLS_WITNESS_HEAPS_BLOCKS_H_
#define LEAKTRACK_TOOLS_WITNESS_HEAPS_BLOCKS_H_

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "tools/witness/heaps/first_words.h"
#include "tools/witness/heaps/spans.h"
#include "tools/witness/memory/mapping.h"

namespace leaktrack::witness {

struct Block {
  uint64_t address = 0;    // as the program has it
  uint64_t size : 47 = 0;  // that the program may use
  uint64_t arena : 16 = 0;
  uint64_t freed : 1 = 0;  // kept by the allocator for the next caller
};
static_assert(sizeof(Block) == 16);

inline constexpr uint32_t kNoBlock = std::numeric_limits<uint32_t>::max();

struct ArenaSums {
  uint64_t in_use = 0;     // bytes of chunks that the program has, headers included
  uint64_t cached = 0;     // of chunks in caches of threads: malloc_info calls them used
  uint64_t free = 0;       // freed and kept, the end of the heap included
  uint64_t trimmable = 0;  // the end of the heap: what malloc_trim gives back first
  uint64_t system = 0;     // as the allocator counts
};

struct Heap {
  std::string allocator;  // "glibc"; empty: none was recognised
  Spans spans;
  std::vector<Block> blocks;      // by address
  std::vector<uint32_t> targets;  // of all blocks, one after another
  std::vector<uint32_t> first;    // of each block in `targets`, and the end
  FirstWords first_words;
  std::vector<uint32_t> first_word;  // of each block, its number; 0: no constant's address
  std::vector<ArenaSums> arenas;
  std::vector<Range> unparsed;  // within spans, but not understood: may hold pointers
  std::vector<std::string> doubts;
  uint64_t dropped_pointers = 0;  // for which there was no room

  // The block at or around `address`; kNoBlock.
  uint32_t Find(uint64_t address) const;
};

}  // namespace leaktrack::witness

#endif  // LEAKTRACK_TOOLS_WITNESS_HEAPS_BLOCKS_H_
