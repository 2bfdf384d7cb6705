// SPDX-License-Identifier: Apache-2.0
//
// Compares the baseline's entry for a site with the measured runs.
//
// Why two tests: samples are few and random (the exact conditional test of counts), and runs of
// one program differ in their work (Student's t of the lost amounts). A site is worse if it passes
// both tests, and exceeds a tolerance.
// Promises: pure.
#ifndef LEAKTRACK_TOOLS_COMPARE_GATE_BASELINE_H_
#define LEAKTRACK_TOOLS_COMPARE_GATE_BASELINE_H_

#include <string>
#include <vector>

#include "tools/compare/baseline.h"
#include "tools/compare/gate.h"
#include "tools/compare/gate_leaks.h"

namespace leaktrack {

// The entries for a site, summed up. None: all figures are 0.
struct BaselineMatch {
  std::vector<SiteKey> keys;
  BaselineEntry entry;
  bool by_suffix = false;
};

// The entry of the same name. Otherwise, if growth is counted, the entries that begin with it,
// because a sum of sites is named by its inner frames. Otherwise the only entry with the same
// innermost functions.
BaselineMatch FindInBaseline(const Baseline& baseline, const SiteKey& key, CountMode mode);

struct Standing {
  Change change = Change::kKnown;
  std::string why;  // for kUnclear
};

// Also sets in `change` how sure it is that there is more, and how much more.
Standing StandingOf(const GateLeak& leak, const BaselineMatch& match, const Baseline& baseline,
                    const std::vector<GateRun>& runs, double phi, const CompareOptions& options,
                    SiteChange& change);

// Whether so many bytes per unit of work matter. At exit, blocks of 0 bytes matter too.
bool Matters(double bytes, const CompareOptions& options);

// The leaks of the runs, and the sites that the next runs may call leaks.
Baseline MeasuredBaseline(const std::vector<GateRun>& runs, const std::vector<GateLeak>& leaks,
                          const CompareOptions& options);

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_COMPARE_GATE_BASELINE_H_
