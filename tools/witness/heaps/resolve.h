// SPDX-License-Identifier: Apache-2.0
//
// From granules to the numbers of the blocks that lie there.
#ifndef LEAKTRACK_TOOLS_WITNESS_HEAPS_RESOLVE_H_
#define LEAKTRACK_TOOLS_WITNESS_HEAPS_RESOLVE_H_

#include <cstdint>
#include <vector>

#include "tools/witness/heaps/blocks.h"

namespace leaktrack::witness {

// Which block a granule belongs to. Made once, when all blocks are known.
class BlockIndex {
 public:
  explicit BlockIndex(const Heap& heap);

  // The block's number, with kInterior where the pointer is none to its start; kNoBlock.
  uint32_t Find(uint32_t granule) const;

 private:
  static constexpr uint32_t kShift = 8;  // as many granules as a page has
  const Heap& heap_;
  std::vector<uint32_t> granule_of_;     // of each block's start
  std::vector<uint32_t> first_in_page_;  // the first block that starts in this page or later
};

// Replaces the granules in `heap.targets` by blocks; what points to none is removed, and what freed
// blocks point to.
void ResolvePointers(Heap& heap);

}  // namespace leaktrack::witness

#endif  // LEAKTRACK_TOOLS_WITNESS_HEAPS_RESOLVE_H_
