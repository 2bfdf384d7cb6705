// SPDX-License-Identifier: Apache-2.0
#include "libtrack/capture/write/survivor_shares.h"

#include <bit>
#include <cstring>

#include "libtrack/capture/write/mix_bits.h"

namespace leaktrack::capture {
namespace {

constexpr uint64_t kLooks = 1 << 20;  // slots that are enough to choose a cap by

}  // namespace

bool SurvivorShares::Follow(uint64_t live) {
  uint32_t shift = mean_shift_;
  while (shift < 40 && (live >> shift) > kBudget) ++shift;
  // Going back waits until there is room to spare, or a full set would be due every epoch.
  while (shift > 0 && (live >> (shift - 1)) < kBudget / 2) --shift;
  const bool moved = shift != mean_shift_;
  mean_shift_ = shift;
  return moved;
}

uint32_t SurvivorShares::Bucket(uint32_t site, uint32_t row) {
  return static_cast<uint32_t>(MixBits(site) >> (32 * row)) % kBuckets;
}

uint32_t SurvivorShares::Width(uint32_t site) const {
  const uint32_t first = counts_[0][Bucket(site, 0)], second = counts_[1][Bucket(site, 1)];
  return static_cast<uint32_t>(std::bit_width(first < second ? first : second));
}

// The site of every `step`th slot that is taken.
template <typename Take>
void SurvivorShares::EachSite(const RecorderView& view, uint64_t step, Take take) {
  for (uint32_t s = 0; s < kMaxLiveSegments; ++s) {
    const LiveSlots slots = view.Slots(s);
    for (uint64_t i = 0; i < slots.count; i += step) {
      LiveCopy entry;
      if (view.CopyLive(slots, i, &entry)) take(entry.site);
    }
  }
}

void SurvivorShares::Divide(const RecorderView& view) {
  if (mean_shift_ == 0) return;
  memset(counts_, 0, sizeof(counts_));
  uint64_t live = 0;
  EachSite(view, 1, [&](uint32_t site) {
    for (uint32_t row = 0; row < kRows; ++row) ++counts_[row][Bucket(site, row)];
    ++live;
  });
  const uint64_t step = 1 + live / kLooks;
  uint64_t blocks[kWidths] = {};  // by the width of their site's count
  EachSite(view, step, [&](uint32_t site) { blocks[Width(site)] += step; });
  for (cap_width_ = kWidths - 1; cap_width_ > 0; --cap_width_) {
    uint64_t kept = 0;
    for (uint32_t width = 0; width < kWidths; ++width) kept += blocks[width] >> ShiftAt(width);
    if (kept <= kBudget) break;
  }
}

}  // namespace leaktrack::capture
