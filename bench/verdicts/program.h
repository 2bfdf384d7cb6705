// SPDX-License-Identifier: Apache-2.0
//
// A program whose truth is known: its sites, their blocks that a sampler would see, and which of
// them leak.
//
// Why only sampled blocks: a day of a busy program has 10^10 allocations and 10^5 samples. Poisson
// births, thinned by the probability 1 - exp(-size / interval) of the library's sampler, are
// exactly what the library would have recorded.
//
// Thread-safety: plain data.
#ifndef LEAKTRACK_BENCH_VERDICTS_PROGRAM_H_
#define LEAKTRACK_BENCH_VERDICTS_PROGRAM_H_

#include <cstdint>
#include <functional>
#include <limits>
#include <string>
#include <vector>

#include "tools/analysis/model/result.h"

namespace leaktrack::verdicts {

inline constexpr double kForever = std::numeric_limits<double>::infinity();
inline constexpr double kSecond = 1e3, kMinute = 60e3, kHour = 3600e3;  // in milliseconds
inline constexpr double kMegabyte = 1e6;

// One sampled block. `realloc_of` is the index of the block that this one replaced. -1: none.
struct Block {
  double birth_ms = 0, death_ms = kForever;
  uint64_t size = 0;
  uint32_t site = 0;
  int32_t realloc_of = -1;
};

// The truth about one or more sites that belong together (for example the call paths of one leak).
struct Unit {
  std::string kind;  // "churn", "linear leak", ...
  bool leak = false;
  bool hard = false;    // no answer can be right within this window, given its true parameters
  std::string culprit;  // the function to blame
  std::vector<Trend> trends;  // correct names for its growth; the first is the best one
  double onset_ms = 0;
  double bytes_per_hour = 0;                   // for leaks: its rate at the end of the run
  bool steady = false;                         // it has that rate all the time
  std::function<double(double)> leaked_bytes;  // for leaks: truly lost until that time
};

struct Site {
  uint32_t unit = 0;
  std::vector<std::string> functions;  // leaf first
};

// The arriving work, with a mean of about 1. It swings once a day, and may rise over the run.
struct Load {
  double depth = 0, phase = 0;
  double rise = 0;  // its relative rise at `end_ms`
  double end_ms = kHour;
  double At(double ms) const;
  double Until(double ms) const;     // its integral from 0
  double TimeOf(double work) const;  // the inverse of Until
};

struct Program {
  double end_ms = 0;
  uint64_t interval = 0;
  std::vector<Unit> units;
  std::vector<Site> sites;
  std::vector<Block> blocks;
  Load load;                            // of all sites that follow the load
  double base_bytes = 200 * kMegabyte;  // of the process, without its leaks
  double limit_bytes = 0;               // of its cgroup; 0: none

  double TrueBytes(double at_ms) const {
    double sum = base_bytes;
    for (const Unit& unit : units) {
      if (unit.leaked_bytes) sum += unit.leaked_bytes(at_ms);
    }
    return sum;
  }
};

}  // namespace leaktrack::verdicts

#endif  // LEAKTRACK_BENCH_VERDICTS_PROGRAM_H_
