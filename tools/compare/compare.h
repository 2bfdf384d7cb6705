// SPDX-License-Identifier: Apache-2.0
//
// Two versions of a program, several runs each: which sites leak more than before?
//
// What: matches sites by name across builds (whole stack, then the innermost three functions),
// estimates from the replicates how much counts scatter by themselves, and tests each site by the
// exact conditional test, with false-discovery control over all, and a floor below which a
// difference does not matter.
// Promises: pure; a version with too little data is inconclusive, with the smallest regression
// that could have been seen, never a silent pass; then nothing is called worse. Where every block
// that was never freed is known, one that is there in each new run and in no old one is new.
#ifndef LEAKTRACK_TOOLS_COMPARE_COMPARE_H_
#define LEAKTRACK_TOOLS_COMPARE_COMPARE_H_

#include <string>
#include <vector>

#include "tools/compare/site_counts.h"

namespace leaktrack {

// kUnclear: more than before, and not known to be a leak.
enum class Change { kUnchanged, kKnown, kFixed, kUnclear, kWorse, kNewLeak };

const char* Name(Change change);  // "NEW LEAK", "WORSE", "UNCLEAR", "KNOWN", "FIXED", "unchanged"

// What matters unless somebody says otherwise, bytes per unit of work: of what was never freed
// every block.
constexpr double DefaultMinBytes(CountMode mode) { return mode == CountMode::kAtExit ? 1 : 1024; }

struct CompareOptions {
  CountMode mode = CountMode::kGrown;
  double max_q = .01;
  double min_bytes =
      1024;  // per unit of work: a lower bound of the difference below this does not matter
  double min_ratio = 1.25;  // of a known leak: less is tolerance
};

struct SiteChange {
  Change change = Change::kUnchanged;
  SiteKey key;
  CallStack stack;  // of the newer version where it has one
  size_t blame = 0;
  bool matched_by_suffix = false;
  double base_count = 0, now_count = 0;    // sampled blocks, all runs
  double base_bytes = 0, now_bytes = 0;    // per unit of work
  double base_blocks = 0, now_blocks = 0;  // per unit of work
  double bytes_per_count = 0;              // what one sampled block stands for
  double lower_bytes = 0;  // lower 95 % bound of a significant difference, per unit of work
  double phi = 1;          // dispersion of its counts between runs
  double p = 1, q = 1;
};

struct Comparison {
  std::vector<SiteChange> sites;  // worst first
  double phi = 1;                 // dispersion of counts between runs of one version
  bool phi_known = false;
  double detectable_bytes = 0;  // per unit of work: what a new leak needs to be found 9 times in 10
  double detectable_blocks = 0;  // the same where every block was recorded, and bytes are not known
  std::string unit = "run";      // or "iteration"
  std::string inconclusive_because;  // empty: the comparison stands

  bool Regressed() const;  // and not inconclusive
};

Comparison Compare(const std::vector<RunCounts>& base, const std::vector<RunCounts>& now,
                   const CompareOptions& options);

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_COMPARE_COMPARE_H_
