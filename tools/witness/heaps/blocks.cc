// SPDX-License-Identifier: Apache-2.0
#include "tools/witness/heaps/blocks.h"

#include <algorithm>

namespace leaktrack::witness {

uint32_t Heap::Find(uint64_t address) const {
  const auto after =
      std::upper_bound(blocks.begin(), blocks.end(), address,
                       [](uint64_t value, const Block& one) { return value < one.address; });
  if (after == blocks.begin()) return kNoBlock;
  const Block& block = *std::prev(after);
  if (block.freed || address - block.address >= block.size) return kNoBlock;
  return static_cast<uint32_t>(std::prev(after) - blocks.begin());
}

}  // namespace leaktrack::witness
