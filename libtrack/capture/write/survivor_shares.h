// SPDX-License-Identifier: Apache-2.0
//
// Which share of a site's live blocks is written, where all of them would be too many.
//
// What: 1 of 2^shift blocks, with a shift for each site. A site of fewer blocks than the cap keeps
// them all, a larger one between half the cap and the cap. The cap is the largest power of two with
// which the sum stays within kBudget.
// Why by site: one share for all leaves nothing of a small leak beside a large table, and the leak
// is what the reader looks for.
// Promises: until more blocks live than the budget holds, every shift is 0 and the counters are not
// touched. They are 128 KiB of HistoryWriter's first bytes.
// Limits: sites are counted in two rows of buckets, and the smaller count holds. Only a site that
// meets larger ones in both rows is drawn from more thinly than it should be; its weight says so
// all the same. Blocks that are born after Divide() are drawn by the counts of that time.
//
// Zeroed memory is an object without sites. Thread-safety: none.   Allocates: never.
// Signals: not reentrant.   Fork: as HistoryWriter.
#ifndef LEAKTRACK_LIBTRACK_CAPTURE_WRITE_SURVIVOR_SHARES_H_
#define LEAKTRACK_LIBTRACK_CAPTURE_WRITE_SURVIVOR_SHARES_H_

#include <cstddef>
#include <cstdint>

#include "libtrack/capture/write/recorder_view.h"

namespace leaktrack::capture {

class SurvivorShares {
 public:
  static constexpr uint32_t kBudget = 65'536;  // blocks in all, on average

  // Takes note of how many blocks live. True: mean_shift() has changed, so divide anew.
  [[nodiscard]] bool Follow(uint64_t live);

  // Counts the blocks of each site, and sets the cap.
  void Divide(const RecorderView& view);

  // What blocks keep on average: 1 of 2^this. 0: all of them.
  uint32_t mean_shift() const { return mean_shift_; }
  // 0 for mappings, which are never left out.
  uint32_t ShiftOf(const LiveCopy& entry) const {
    return mean_shift_ == 0 || entry.slot >= kMappingSlots ? 0 : ShiftAt(Width(entry.site));
  }

 private:
  static constexpr uint32_t kRows = 2, kBuckets = 1 << 14;
  static constexpr uint32_t kWidths = 33;  // bits of a count

  uint32_t ShiftAt(uint32_t width) const { return width > cap_width_ ? width - cap_width_ : 0; }
  static uint32_t Bucket(uint32_t site, uint32_t row);
  uint32_t Width(uint32_t site) const;  // bits of the site's count
  template <typename Take>
  static void EachSite(const RecorderView& view, uint64_t step, Take take);

  uint32_t mean_shift_;
  uint32_t cap_width_;
  uint32_t counts_[kRows][kBuckets];
};

}  // namespace leaktrack::capture

#endif  // LEAKTRACK_LIBTRACK_CAPTURE_WRITE_SURVIVOR_SHARES_H_
