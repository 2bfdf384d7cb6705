// SPDX-License-Identifier: Apache-2.0
//
// Chooses the mean sampling interval T, as fine as time and memory allow.
//
// A leak becomes suspect after about 23 T leaked bytes, so T should be small. But samples cost time
// when they are taken and room while they live. There are two limits, each with its own interval.
// The larger interval counts.
//  rate   200 samples per tick of 100 ms (about 0.3 % of a core). The sample that uses up the
//         tick's budget doubles T_rate at once. The next 200 in the same tick double it again.
//         T_rate halves after 10 s of ticks below a quarter.
//  live   Three quarters of the live limit: T_live doubles and the table is thinned (thinning.cc).
//         T_live halves after 60 s with less than a quarter of the limit alive.
//
// Neither interval falls below the base, 16 KiB. Why two: if T followed the allocation rate alone,
// start-up data would fill a bounded table and hide later leaks (modelled: 0 of 1,224 samples). T
// for a draw is fixed before the allocations that it judges are seen, so every weight stays
// unbiased.
//
// Intervals are named by index: 0 is exact, and k >= 1 is base << (k - 1). The table of intervals
// lies in the recorder's header.
//
// Thread-safety: any thread; only the sampled path writes shared words.
// Allocates: never.
// Signals: safe.
// Fork: the child binds anew.
#ifndef LEAKTRACK_LIBTRACK_RECORD_INTERVAL_CONTROL_H_
#define LEAKTRACK_LIBTRACK_RECORD_INTERVAL_CONTROL_H_

#include <atomic>
#include <cstdint>

#include "libtrack/capture/dcheck.h"
#include "libtrack/capture/recorder_layout.h"

namespace leaktrack::track {

inline constexpr uint64_t kBaseInterval = 16 * 1024;
inline constexpr uint64_t kLargestInterval = uint64_t{1} << 40;
using capture::kExactIndex;
inline constexpr uint8_t kBaseIndex = 1;

inline constexpr uint64_t kTickMs = 100;
inline constexpr uint32_t kSamplesPerTick = 200;
inline constexpr uint64_t kRateCalmMs = 10'000;
inline constexpr uint64_t kLiveCalmMs = 60'000;

class IntervalControl {
 public:
  // `configured`: 0 auto, 1 exact, else the fixed interval in bytes (then only the live limit may
  // raise it).
  void Bind(capture::RecorderHeader* header, uint64_t configured, uint64_t live_limit);

  // The interval for a draw that is made now.
  uint8_t index() const {
    const uint8_t rate = rate_index_.load(std::memory_order_relaxed);
    const uint8_t live = live_index_.load(std::memory_order_relaxed);
    return rate > live ? rate : live;
  }
  uint64_t BytesOf(uint8_t index) const {
    LEAKTRACK_DCHECK(header_ != nullptr && index < header_->interval_count.load());
    return header_->interval_bytes[index].load(std::memory_order_relaxed);
  }
  bool exact() const { return index() == kExactIndex; }

  // Notes that a sample was taken. Never called in exact mode.
  void NoteSample(uint64_t now_ms);

  // True if the live table must be thinned.
  bool Crowded(int64_t live) const { return live >= crowded_at_.load(std::memory_order_relaxed); }
  // The target of the next thinning pass: one step above T_live. 0: there is nothing coarser.
  uint8_t NextForLive() const;
  // From now on T_live is at least `index`.
  void RaiseLiveTo(uint8_t index, uint64_t now_ms);

  // Ends exact mode; from now on the interval is automatic. The `live` exact blocks keep their
  // place in addition to the live limit.
  void LeaveExact(uint64_t now_ms, int64_t live);

 private:
  void RaiseRate();
  void RelaxRate(uint64_t finished_count, uint64_t finished_tick, uint64_t now_ms);
  void RelaxLive(uint64_t now_ms);
  void Publish();

  capture::RecorderHeader* header_ = nullptr;
  int64_t live_limit_ = 0;
  std::atomic<uint8_t> rate_index_;
  std::atomic<uint8_t> live_index_;
  std::atomic<bool> follows_rate_;
  uint8_t largest_index_ = 0;
  std::atomic<int64_t> crowded_at_;   // live samples
  std::atomic<int64_t> roomy_below_;  // live samples
  std::atomic<uint64_t> tick_;        // tick number << 32 | samples in it
  std::atomic<uint64_t> rate_calm_since_;
  std::atomic<uint64_t> live_calm_since_;
};

}  // namespace leaktrack::track

#endif  // LEAKTRACK_LIBTRACK_RECORD_INTERVAL_CONTROL_H_
