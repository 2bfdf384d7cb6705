// SPDX-License-Identifier: Apache-2.0
//
// One version of a program against what is known of it: pass or fail?
//
// What: the leaks of some runs (found by the analyzer, or, "at exit", every block never freed),
// less what is suppressed, each held against the baseline and the limits. Why not the comparison of
// two versions: a build farm keeps a text file more easily than last week's captures.
// Promises: pure. Fails for a site only if it is new, or if it is worse than the baseline says by
// more than chance and by more than the runs differ among themselves; where they differ too much to
// tell it is inconclusive, and said. An entry of the baseline that was not seen, though these runs
// would have seen it, is FIXED.
#ifndef LEAKTRACK_TOOLS_COMPARE_GATE_H_
#define LEAKTRACK_TOOLS_COMPARE_GATE_H_

#include <string>
#include <vector>

#include "tools/compare/baseline.h"
#include "tools/compare/compare.h"
#include "tools/compare/limits.h"
#include "tools/compare/suppressions.h"

namespace leaktrack {

// What one run leaked: sites that the analyzer accused, or all that were alive at exit.
struct GateRun {
  RunCounts counts;                // of everything that stayed, or that grew
  std::vector<SiteCount> leaks;    // the accused among it, by key; what they count stands above
  std::vector<std::string> notes;  // what could not be read
  std::vector<std::string>
      failed_tests;  // that keep memory, by their own word (leaktrack/gtest.hpp)
};

struct GateOptions {
  CompareOptions compare;
  GateLimits limits;
};

struct GateSite {
  SiteChange change;
  bool suppressed = false;
  bool over_limit = false;
  bool within_limit = false;  // of its own: passes, whatever the baseline says
  bool accepted = false;      // into the baseline that was written: passes from now on
};

enum class GateVerdict { kPass, kFail, kInconclusive };

struct GateResult {
  GateVerdict verdict = GateVerdict::kPass;
  std::vector<GateSite> sites;  // worst first
  std::string unit = "run";
  size_t runs = 0;
  double total_bytes = 0;  // of what is not suppressed, per unit of work
  bool over_total = false;
  double detectable_bytes =
      0;  // per unit of work: a new leak that is seen 9 times in 10; 0: every block was
  std::vector<std::string>
      stale;  // entries of the baseline that were not seen, and could not have been
  std::vector<std::string> unused;         // suppressions that covered nothing
  std::vector<std::string> unused_limits;  // of sites that do not leak
  std::string unusable_because;            // a run proves nothing: no baseline can be made of these
  std::string unlimited_because;           // the limits count per another unit: none was applied
  std::string inconclusive_because;
  std::vector<std::string> notes;
  std::vector<std::string> failed_tests;  // no baseline and no limit makes up for these
  std::string written_baseline;           // the file, where one was written
  Baseline measured;                      // what these runs leak, as a baseline; without comments
};

GateResult Gate(const std::vector<GateRun>& runs, const Baseline& baseline,
                const Suppressions& suppressions, const GateOptions& options);

// What these runs leak, as a new baseline; comments of the old one stay with their sites.
Baseline MakeBaseline(const GateResult& result, const Baseline& old);

// The result as it is once its leaks stand in the baseline `file`: only limits and failed
// tests can still fail it, and limits that could not be applied make it inconclusive.
void AcceptAsBaseline(const std::string& file, GateResult& result);

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_COMPARE_GATE_H_
