// SPDX-License-Identifier: Apache-2.0
#include "tools/compare/lost_counts.h"

#include <algorithm>
#include <cstddef>

namespace leaktrack {

void Amount::Add(double more_count, double more_blocks, double more_bytes) {
  count += more_count;
  blocks += more_blocks;
  bytes += more_bytes;
}

LostCounts::LostCounts(const witness::RunMemory& memory,
                       const std::set<capture::SiteId>& suppressed)
    : suppressed_(suppressed) {
  for (const witness::SiteMemory& site : memory.sites) sites_[site.site] = &site;
  Cover(memory);
}

// `holds` is sorted by who holds.
void LostCounts::Cover(const witness::RunMemory& memory) {
  std::vector<bool> seen(memory.lost.size());
  std::vector<uint32_t> queue;
  for (uint32_t i = 0; i < memory.lost.size(); ++i) {
    if (!suppressed_.contains(memory.lost[i].site)) continue;
    seen[i] = true;
    queue.push_back(i);
  }
  for (size_t next = 0; next < queue.size(); ++next) {
    const uint32_t block = queue[next];
    const witness::LostBlock& lost = memory.lost[block];
    covered_[lost.site].Add(1, lost.objects, lost.bytes);
    auto edge = std::lower_bound(memory.holds.begin(), memory.holds.end(),
                                 std::pair<uint32_t, uint32_t>(block, 0));
    for (; edge != memory.holds.end() && edge->first == block; ++edge) {
      if (seen[edge->second]) continue;
      seen[edge->second] = true;
      queue.push_back(edge->second);
    }
  }
}

KeptParts LostCounts::Of(const std::vector<capture::SiteId>& sites) const {
  KeptParts parts;
  const witness::SiteMemory* largest = nullptr;
  for (const capture::SiteId number : sites) {
    const auto found = sites_.find(number);
    if (found == sites_.end()) continue;
    const witness::SiteMemory& site = *found->second;
    const auto lost = static_cast<double>(site.memory.lost),
               undecided = static_cast<double>(site.memory.undecided),
               kept = static_cast<double>(site.memory.examined) - lost - undecided;
    const auto covered = covered_.find(number);
    Amount excused = covered == covered_.end() ? Amount() : covered->second;
    if (suppressed_.contains(number)) excused = {lost, site.lost_objects, site.lost_bytes};
    parts.covered.Add(excused.count, excused.blocks, excused.bytes);
    parts.lost.Add(std::max(0.0, lost - excused.count),
                   std::max(0.0, site.lost_objects - excused.blocks),
                   std::max(0.0, site.lost_bytes - excused.bytes));
    if (!suppressed_.contains(number)) parts.undecided += undecided;
    if (kept <= 0) continue;
    parts.reachable.Add(kept, site.objects - site.lost_objects, site.bytes - site.lost_bytes);
    if (largest == nullptr || site.bytes > largest->bytes) largest = &site;
  }
  if (largest != nullptr) parts.holders = largest->memory.holders;
  return parts;
}

}  // namespace leaktrack
