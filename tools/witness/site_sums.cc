// SPDX-License-Identifier: Apache-2.0
#include "tools/witness/site_sums.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <string>
#include <unordered_map>
#include <utility>

#include "tools/witness/holders.h"

namespace leaktrack::witness {
namespace {

constexpr size_t kMostLost = 200'000, kMostHolds = 1'000'000;
constexpr double kMostlyLost = .9;

// The number of the block that begins at this address; kNoBlock.
uint32_t BlockAt(const Heap& heap, uint64_t address) {
  const uint32_t block = heap.Find(address);
  return block != kNoBlock && heap.blocks[block].address == address ? block : kNoBlock;
}

MemoryVerdict VerdictOf(const Evidence& memory) {
  if (memory.lost != 0) {
    const double share = static_cast<double>(memory.lost) / static_cast<double>(memory.examined);
    return share >= kMostlyLost ? MemoryVerdict::kLost : MemoryVerdict::kMixed;
  }
  return memory.examined > memory.undecided ? MemoryVerdict::kHeld : MemoryVerdict::kUnknown;
}

void Count(const TrackedBlock& block, const Reading& reading, SiteMemory& site) {
  site.site = block.site;
  site.objects += block.objects;
  site.bytes += block.bytes;
  Evidence& memory = site.memory;
  ++memory.examined;
  const uint32_t number = BlockAt(reading.heap, block.address);
  if (number == kNoBlock || reading.heap.blocks[number].freed) {
    ++memory.undecided;
    return;
  }
  if (reading.reach.IsReached(number)) {
    if (reading.reach.only_inside[number]) ++memory.possible;
    return;
  }
  ++memory.lost;
  ++(reading.reach.head[number] == number ? memory.definite : memory.indirect);
  site.lost_objects += block.objects;
  site.lost_bytes += block.bytes;
}

}  // namespace

void ClassifyBySite(const TrackedBlocks& tracked, Classes& classes, Reading& reading) {
  const uint32_t unrecorded = classes.OfSize(0);
  const size_t count = reading.heap.blocks.size();
  reading.class_of.assign(count, unrecorded);
  for (size_t i = 0; i < count; ++i) {
    if (reading.heap.blocks[i].freed) reading.class_of[i] = kNoClass;
  }
  for (const TrackedBlock& block : tracked.blocks) {
    const uint32_t number = BlockAt(reading.heap, block.address);
    if (number != kNoBlock && !reading.heap.blocks[number].freed)
      reading.class_of[number] = classes.OfSite(block.site);
  }
}

void TakeLostGraph(const TrackedBlocks& tracked, const Reading& reading, RunMemory& memory) {
  const Heap& heap = reading.heap;
  std::unordered_map<uint32_t, uint32_t> place;
  for (uint32_t i = 0; i < heap.blocks.size() && memory.lost.size() < kMostLost; ++i) {
    if (heap.blocks[i].freed || reading.reach.IsReached(i)) continue;
    place.emplace(i, static_cast<uint32_t>(memory.lost.size()));
    memory.lost.push_back({0, 1, static_cast<double>(heap.blocks[i].size)});
  }
  for (const TrackedBlock& block : tracked.blocks) {
    const auto found = place.find(BlockAt(heap, block.address));
    if (found != place.end()) memory.lost[found->second] = {block.site, block.objects, block.bytes};
  }
  for (const auto& [block, number] : place) {
    for (uint32_t at = heap.first[block]; at < heap.first[block + 1]; ++at) {
      const auto target = place.find(heap.targets[at] & ~kInterior);
      if (target != place.end() && target->second != number && memory.holds.size() < kMostHolds)
        memory.holds.emplace_back(number, target->second);
    }
  }
  std::sort(memory.holds.begin(), memory.holds.end());
}

void TakeSites(const TrackedBlocks& tracked, const Reading& reading, RunMemory& memory) {
  std::map<uint32_t, SiteMemory> sites;
  for (const TrackedBlock& block : tracked.blocks) Count(block, reading, sites[block.site]);
  for (auto& [number, site] : sites) {
    site.memory.verdict = VerdictOf(site.memory);
    site.memory.looks = memory.looks;
    if (site.memory.undecided != 0)
      site.memory.reason = "some of its blocks were not found in the allocator's heap";
    memory.sites.push_back(std::move(site));
  }
}

void NameHolders(const Reading& reading, const Classes& classes, const SymbolizerOptions& symbols,
                 RunMemory& memory) {
  Holders holders(reading, classes, symbols);
  std::map<uint32_t, uint32_t> class_of_site;
  for (uint32_t i = 0; i < classes.all().size(); ++i) {
    if (classes.all()[i].site != 0) class_of_site[classes.all()[i].site] = i;
  }
  for (uint32_t i = 0; i < reading.heap.blocks.size(); ++i) {
    const uint32_t of_class = reading.class_of[i];
    if (of_class != kNoClass && classes.all()[of_class].site != 0 && reading.reach.IsReached(i))
      holders.Count(i);
  }
  for (SiteMemory& site : memory.sites) {
    const auto found = class_of_site.find(site.site);
    if (found != class_of_site.end())
      site.memory.holders = holders.Best(found->second, site.memory.examined);
  }
}

}  // namespace leaktrack::witness
