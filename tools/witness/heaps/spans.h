// SPDX-License-Identifier: Apache-2.0
//
// The parts of the address space that hold an allocator's blocks, and a quick test whether a word
// points into one.
//
// What: each multiple of 16 bytes in the spans has a number, its granule, so that a pointer takes
// four bytes. Limit: 2^31 granules, 32 GiB; Add refuses what goes beyond.
#ifndef LEAKTRACK_TOOLS_WITNESS_HEAPS_SPANS_H_
#define LEAKTRACK_TOOLS_WITNESS_HEAPS_SPANS_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "tools/witness/memory/mapping.h"

namespace leaktrack::witness {

inline constexpr uint64_t kGranule = 16;
inline constexpr uint32_t kInterior = uint32_t{1} << 31;  // the pointer is none to a block's start

class Spans {
 public:
  // Sorted and without overlaps after Finish. Ends are rounded to granules.
  void Add(Range range) { ranges_.push_back(range); }

  // False: there is more than can be numbered; what is beyond was left out.
  bool Finish() {
    std::sort(ranges_.begin(), ranges_.end(),
              [](const Range& a, const Range& b) { return a.start < b.start; });
    first_granule_.clear();
    filter_.assign(kFilterBits / 64, 0);
    uint64_t granules = 0;
    for (size_t i = 0; i < ranges_.size(); ++i) {
      const uint64_t more = (ranges_[i].size() + kGranule - 1) / kGranule;
      if (granules + more >= kInterior) {
        ranges_.resize(i);
        granules_ = granules;
        return false;
      }
      first_granule_.push_back(static_cast<uint32_t>(granules));
      granules += more;
      for (uint64_t page = ranges_[i].start >> kShift; page <= (ranges_[i].end - 1) >> kShift;
           ++page)
        filter_[page % kFilterBits / 64] |= uint64_t{1} << page % 64;
    }
    granules_ = granules;
    return true;
  }

  const std::vector<Range>& ranges() const { return ranges_; }
  uint64_t granules() const { return granules_; }

  // The granule that `word` points into, with kInterior where it is not aligned to one.
  std::optional<uint32_t> GranuleOf(uint64_t word) const {
    const uint64_t page = word >> kShift;
    if ((filter_[page % kFilterBits / 64] >> page % 64 & 1) == 0 || word >> 47 != 0)
      return std::nullopt;
    if (last_ >= ranges_.size() || !ranges_[last_].Contains(word)) {
      const auto after =
          std::upper_bound(ranges_.begin(), ranges_.end(), word,
                           [](uint64_t value, const Range& one) { return value < one.start; });
      if (after == ranges_.begin() || !std::prev(after)->Contains(word)) return std::nullopt;
      last_ = static_cast<size_t>(std::prev(after) - ranges_.begin());
    }
    const uint64_t offset = word - ranges_[last_].start;
    const auto granule = static_cast<uint32_t>(first_granule_[last_] + offset / kGranule);
    return offset % kGranule == 0 ? granule : granule | kInterior;
  }

 private:
  static constexpr uint64_t kShift = 20, kFilterBits = 1 << 16;
  std::vector<Range> ranges_;
  std::vector<uint32_t> first_granule_;
  std::vector<uint64_t> filter_ = std::vector<uint64_t>(kFilterBits / 64);
  uint64_t granules_ = 0;
  mutable size_t last_ = 0;
};

}  // namespace leaktrack::witness

#endif  // LEAKTRACK_TOOLS_WITNESS_HEAPS_SPANS_H_
