// SPDX-License-Identifier: Apache-2.0
//
// The sites of several runs of one program side by side: what each run lost where, and which runs
// accused it.
//
// Why not the accusations alone: a site that is accused in two runs of three grows in the third,
// too, and one that is accused in the next gate has grown in this one.
// Promises: pure. Where what grew is counted, an accused sum of sites (named by the frames that
// they share) and its single sites are one, whichever of them a run accused.
#ifndef LEAKTRACK_TOOLS_COMPARE_GATE_LEAKS_H_
#define LEAKTRACK_TOOLS_COMPARE_GATE_LEAKS_H_

#include <cstddef>
#include <string>
#include <vector>

#include "tools/compare/gate.h"
#include "tools/compare/statistics.h"

namespace leaktrack {

// The work that all runs did together, and what it is counted in: "run" or "iteration".
double WorkOf(const std::vector<GateRun>& runs);
std::string UnitOf(const std::vector<GateRun>& runs);

// The largest mean interval between samples, bytes.
double IntervalOf(const std::vector<GateRun>& runs);

struct GateLeak {
  SiteCount sum;      // over all runs
  Replicates counts;  // sampled blocks, run by run
  Replicates bytes;   // per unit of work, run by run
  size_t accused = 0;
  size_t seen = 0;  // in so many runs
  size_t runs = 0;
  // One accusation among several runs is noise until the next run repeats it.
  bool leaks() const { return accused * 2 > runs; }
  bool in_every_run() const { return seen == runs; }
};

// `known`: keys of the baseline, which name sums of sites, too.
std::vector<GateLeak> GatherLeaks(const std::vector<GateRun>& runs, CountMode mode,
                                  const Baseline& known);

bool BeginsWith(const SiteKey& key, const SiteKey& with);

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_COMPARE_GATE_LEAKS_H_
