// SPDX-License-Identifier: Apache-2.0
//
// Which blocks can be reached from the roots, through what, and which cannot.
//
// What: conservative: each aligned word that could be a pointer is one, also into the middle of a
// block. Roots are followed kind by kind, data of modules first, so that a lasting holder is found
// before one that passes by; the allocator's lists of freed blocks come last. Blocks that nothing
// reaches are parted as valgrind does: definitely lost (no lost block points to it either, or the
// first of a ring) and indirectly.
// Promises: as much memory as 10 bytes a block; time in proportion to blocks and pointers.
#ifndef LEAKTRACK_TOOLS_WITNESS_GRAPH_REACH_H_
#define LEAKTRACK_TOOLS_WITNESS_GRAPH_REACH_H_

#include <cstdint>
#include <vector>

#include "tools/witness/heaps/blocks.h"
#include "tools/witness/memory/memory.h"
#include "tools/witness/roots/roots.h"

namespace leaktrack::witness {

// A word in a root that points to a block.
struct RootWord {
  uint32_t root = 0;     // in the list of roots
  uint64_t address = 0;  // of the word; 0: it is none of memory
};

inline constexpr uint32_t kByRoot = uint32_t{1} << 31;

struct Reach {
  // Of each block: what it was first reached from: a block, or kByRoot and a number in `words`;
  // kNoBlock: nothing.
  std::vector<uint32_t> parent;
  std::vector<RootWord> words;
  std::vector<bool> only_inside;  // reached, but only by pointers into the middle of blocks
  // Of each block that was not reached: the definitely lost block that holds it, itself if it is
  // one.
  std::vector<uint32_t> head;

  bool IsReached(uint32_t block) const { return parent[block] != kNoBlock; }
};

Reach FindReach(Memory& memory, const Heap& heap, const std::vector<Root>& roots);

}  // namespace leaktrack::witness

#endif  // LEAKTRACK_TOOLS_WITNESS_GRAPH_REACH_H_
