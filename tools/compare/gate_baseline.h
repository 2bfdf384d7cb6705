// SPDX-License-Identifier: Apache-2.0
//
// What a baseline says of a site, what runs say of it now, and which of the two is more.
//
// Why two tests: samples are few, and come by chance (the exact conditional test of counts); and
// runs of one program differ in what they do (Student's t of what they lost). Worse is what passes
// both, and is more than a tolerance.
// Promises: pure.
#ifndef LEAKTRACK_TOOLS_COMPARE_GATE_BASELINE_H_
#define LEAKTRACK_TOOLS_COMPARE_GATE_BASELINE_H_

#include <string>
#include <vector>

#include "tools/compare/baseline.h"
#include "tools/compare/gate.h"
#include "tools/compare/gate_leaks.h"

namespace leaktrack {

// The entries that speak of a site, summed up; none: all figures are 0.
struct BaselineMatch {
  std::vector<SiteKey> keys;
  BaselineEntry entry;
  bool by_suffix = false;
};

// That of the same name; where what grew is counted, else those that begin with it (a sum of sites
// is named by its inner frames); else the only one of the same innermost functions.
BaselineMatch FindInBaseline(const Baseline& baseline, const SiteKey& key, CountMode mode);

struct Standing {
  Change change = Change::kKnown;
  std::string why;  // of kUnclear
};

// Also tells `change` how surely it is more, and by how much.
Standing StandingOf(const GateLeak& leak, const BaselineMatch& match, const Baseline& baseline,
                    const std::vector<GateRun>& runs, double phi, const CompareOptions& options,
                    SiteChange& change);

// Whether so many bytes per unit of work matter; of what was never freed blocks of 0 bytes do, too.
bool Matters(double bytes, const CompareOptions& options);

// What the runs leak, and what may be called a leak by the next ones.
Baseline MeasuredBaseline(const std::vector<GateRun>& runs, const std::vector<GateLeak>& leaks,
                          const CompareOptions& options);

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_COMPARE_GATE_BASELINE_H_
