// SPDX-License-Identifier: Apache-2.0
//
// Decides which allocations are recorded.
//
// Each thread counts down a byte budget. The allocation that exhausts it is recorded, and the next
// budget is drawn: floor(X) + 1 bytes, where X is exponential with mean T. An allocation of n bytes
// is sampled iff n >= budget, that is X < n. This has probability 1 - exp(-n/T) exactly, whatever
// went before:
//     T = 16 KiB:   64 B -> 0.39 %    4 KiB -> 22 %    64 KiB -> 98 %
// Why exponential: a fixed step locks on to periodic programs and misses the same site for ever.
// Why one draw however large the block: a loop of draws takes ten seconds for 1 GiB at T = 1
// (pitfall S7). The weight makes up for it.
// Why per thread: a shared sampler is a lock in every malloc (pitfall S17).
//
// Thread-safety: none; one Sampler per thread, inside ThreadState.
// Allocates: never.
// Signals: safe.
// Fork: the child seeds and draws again (ThreadState::generation).
// Before init: a zero budget takes the slow path, which draws before it judges.
#ifndef LEAKTRACK_LIBTRACK_RECORD_SAMPLER_H_
#define LEAKTRACK_LIBTRACK_RECORD_SAMPLER_H_

#include <cstdint>

namespace leaktrack::track {

// Larger sizes cannot be real. They are never sampled and leave the budget unchanged.
inline constexpr uint64_t kLargestSampled = uint64_t{1} << 47;

class Sampler {
 public:
  void Seed(uint64_t seed);
  uint64_t Random();    // xoshiro256++
  double RandomUnit();  // in (0, 1]

  // Draws a budget with mean `interval`. `index` is remembered as the interval in force until the
  // next draw.
  uint64_t Draw(uint64_t interval, uint8_t index);
  uint8_t interval_index() const { return interval_index_; }

 private:
  uint64_t words_[4];  // all zero: not seeded
  uint8_t interval_index_;
};

uint64_t SplitMix64(uint64_t x);

}  // namespace leaktrack::track

#endif  // LEAKTRACK_LIBTRACK_RECORD_SAMPLER_H_
