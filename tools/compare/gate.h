// SPDX-License-Identifier: Apache-2.0
//
// Judges one version of a program against its baseline: pass or fail?
//
// What: the leaks of some runs (found by the analyzer, or, "at exit", every block never freed),
// without the suppressed ones. Each is compared with the baseline and the limits.
// Why not a comparison of two versions: a build farm keeps a text file more easily than last
// week's captures.
// Promises: pure. A site fails only if it is new, or if it exceeds the baseline by more than
// chance and by more than the runs differ among themselves. If they differ too much to tell, the
// result is inconclusive, and says so. An entry of the baseline is FIXED if these runs did not see
// it, although they would have seen it.
#ifndef LEAKTRACK_TOOLS_COMPARE_GATE_H_
#define LEAKTRACK_TOOLS_COMPARE_GATE_H_

#include <string>
#include <vector>

#include "tools/compare/baseline.h"
#include "tools/compare/compare.h"
#include "tools/compare/limits.h"
#include "tools/compare/suppressions.h"

namespace leaktrack {

// The leaks of one run: the sites that the analyzer accused, or all that were alive at exit.
struct GateRun {
  RunCounts counts;                // of every site that stayed, or that grew
  std::vector<SiteCount> leaks;    // the accused sites, by key; `counts` has their amounts
  std::vector<std::string> notes;  // sources that could not be read
  std::vector<std::string>
      failed_tests;  // tests whose own check says that they keep memory (leaktrack/gtest.hpp)
};

struct GateOptions {
  CompareOptions compare;
  GateLimits limits;
};

struct GateSite {
  SiteChange change;
  bool suppressed = false;
  bool over_limit = false;
  bool within_limit = false;  // of its own: it passes, whatever the baseline says
  bool accepted = false;      // into the written baseline: it passes from now on
};

// What is alive at the end, and held by something: it passes.
struct ReachableSite {
  SiteKey key;
  double bytes = 0, blocks = 0;  // per unit of work
  std::vector<witness::Holder> holders;
};

enum class GateVerdict { kPass, kFail, kInconclusive };

struct GateResult {
  GateVerdict verdict = GateVerdict::kPass;
  std::vector<GateSite> sites;  // worst first
  CountMode mode = CountMode::kGrown;
  std::vector<ReachableSite> reachable;  // of kLost; largest first
  std::string unit = "run";
  size_t runs = 0;
  double total_bytes = 0;  // of the sites that are not suppressed, per unit of work
  bool over_total = false;
  double detectable_bytes =
      0;  // per unit of work: a new leak found with 90 % power; 0: every block was
  std::vector<std::string>
      stale;  // entries of the baseline that these runs did not see, and might have missed
  std::vector<std::string> unused;         // suppressions that covered nothing
  std::vector<std::string> unused_limits;  // limits of sites that do not leak
  std::string unusable_because;   // why a run proves nothing: no baseline can be made of these runs
  std::string unlimited_because;  // why no limit was applied: limits count per another unit
  std::string inconclusive_because;
  std::vector<std::string> notes;
  std::vector<std::string> failed_tests;  // no baseline and no limit excuses these
  std::string written_baseline;           // the file, if one was written
  Baseline measured;                      // the leaks of these runs as a baseline, without comments
};

GateResult Gate(const std::vector<GateRun>& runs, const Baseline& baseline,
                const Suppressions& suppressions, const GateOptions& options);

// The leaks of these runs as a new baseline. Comments of the old one stay with their sites.
Baseline MakeBaseline(const GateResult& result, const Baseline& old);

// Changes the result to that after its leaks were written to the baseline `file`. Only limits and
// failed tests can still fail it. Limits that could not be applied make it inconclusive.
void AcceptAsBaseline(const std::string& file, GateResult& result);

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_COMPARE_GATE_H_
