// SPDX-License-Identifier: Apache-2.0
#include "tools/witness/heaps/resolve.h"

#include <algorithm>
#include <cstddef>

namespace leaktrack::witness {

BlockIndex::BlockIndex(const Heap& heap)
    : heap_(heap), first_in_page_((heap.spans.granules() >> kShift) + 2) {
  granule_of_.reserve(heap.blocks.size());
  for (const Block& block : heap.blocks)
    granule_of_.push_back(heap.spans.GranuleOf(block.address).value_or(kInterior) & ~kInterior);
  size_t page = 0;
  for (uint32_t i = 0; i < granule_of_.size(); ++i) {
    for (; page <= granule_of_[i] >> kShift; ++page) first_in_page_[page] = i;
  }
  for (; page < first_in_page_.size(); ++page)
    first_in_page_[page] = static_cast<uint32_t>(granule_of_.size());
}

uint32_t BlockIndex::Find(uint32_t marked) const {
  const uint32_t granule = marked & ~kInterior, page = granule >> kShift;
  if (page + 1 >= first_in_page_.size()) return kNoBlock;
  const auto begin = granule_of_.begin() + first_in_page_[page],
             end = granule_of_.begin() + first_in_page_[page + 1];
  const auto after = std::upper_bound(begin, end, granule);
  if (after == granule_of_.begin()) return kNoBlock;
  const auto number = static_cast<uint32_t>(after - granule_of_.begin()) - 1;
  const Block& block = heap_.blocks[number];
  const uint64_t offset = uint64_t{granule - granule_of_[number]} * kGranule;
  if (block.freed || offset >= block.size) return kNoBlock;
  return offset == 0 && (marked & kInterior) == 0 ? number : number | kInterior;
}

void ResolvePointers(Heap& heap) {
  const BlockIndex index(heap);
  uint32_t written = 0;
  for (size_t i = 0; i < heap.blocks.size(); ++i) {
    const uint32_t begin = heap.first[i], end = heap.first[i + 1];
    heap.first[i] = written;
    if (heap.blocks[i].freed) continue;
    for (uint32_t at = begin; at < end; ++at) {
      const uint32_t target = index.Find(heap.targets[at]);
      if (target != kNoBlock) heap.targets[written++] = target;
    }
  }
  if (!heap.first.empty()) heap.first.back() = written;
  heap.targets.resize(written);
}

}  // namespace leaktrack::witness
