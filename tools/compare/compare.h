// SPDX-License-Identifier: Apache-2.0
//
// Compares two versions of a program, several runs each: which sites leak more than before?
//
// What: matches sites by name across builds (whole stack, then the innermost three functions).
// Estimates from the replicates how much counts scatter. Tests each site by the exact conditional
// test, with control of the false discovery rate over all sites. Differences below a floor do not
// matter.
// Promises: pure. A version with too little data gives an inconclusive result, with the smallest
// regression that could have been seen, never a silent pass. No site is called worse then. If
// every block that was never freed is known, a block that is in each new run and in no old run is
// new.
#ifndef LEAKTRACK_TOOLS_COMPARE_COMPARE_H_
#define LEAKTRACK_TOOLS_COMPARE_COMPARE_H_

#include <string>
#include <vector>

#include "tools/compare/site_counts.h"

namespace leaktrack {

// kUnclear: more than before, but not proven to leak.
enum class Change { kUnchanged, kKnown, kFixed, kUnclear, kWorse, kNewLeak };

const char* Name(Change change);  // "NEW LEAK", "WORSE", "UNCLEAR", "KNOWN", "FIXED", "unchanged"

// The default of what matters, in bytes per unit of work. At exit every block matters.
constexpr double DefaultMinBytes(CountMode mode) { return IsAtExit(mode) ? 1 : 1024; }

struct CompareOptions {
  CountMode mode = CountMode::kGrown;
  double max_q = .01;
  double min_bytes =
      1024;  // per unit of work: a smaller lower bound of the difference does not matter
  double min_ratio = 1.25;  // of a known leak: a smaller increase is tolerated
};

struct SiteChange {
  Change change = Change::kUnchanged;
  SiteKey key;
  CallStack stack;  // from the newer version if it has one
  size_t blame = 0;
  bool matched_by_suffix = false;
  double base_count = 0, now_count = 0;    // sampled blocks, all runs
  double base_bytes = 0, now_bytes = 0;    // per unit of work
  double base_blocks = 0, now_blocks = 0;  // per unit of work
  double bytes_per_count = 0;              // the bytes that one sampled block stands for
  double lower_bytes = 0;  // lower 95 % bound of a significant difference, per unit of work
  double phi = 1;          // dispersion of its counts between runs
  double p = 1, q = 1;
};

struct Comparison {
  std::vector<SiteChange> sites;  // worst first
  double phi = 1;                 // dispersion of counts between runs of one version
  bool phi_known = false;
  double detectable_bytes =
      0;  // per unit of work: a new leak of this size is found with 90 % power
  double detectable_blocks =
      0;  // the same in blocks, if every block was recorded and bytes are unknown
  std::string unit = "run";          // or "iteration"
  std::string inconclusive_because;  // empty: the comparison stands

  bool Regressed() const;  // false if inconclusive
};

Comparison Compare(const std::vector<RunCounts>& base, const std::vector<RunCounts>& now,
                   const CompareOptions& options);

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_COMPARE_COMPARE_H_
