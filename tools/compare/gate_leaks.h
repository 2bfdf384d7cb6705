// SPDX-License-Identifier: Apache-2.0
//
// The sites of several runs of one program side by side: the losses of each run, and the runs that
// accused each site.
//
// Why not the accusations alone: a site that is accused in two runs of three grows in the third,
// too, and a site that the next gate accuses has grown in this one.
// Promises: pure. If growth is counted, an accused sum of sites (named by their common frames) and
// its single sites are one site, whichever of them a run accused.
#ifndef LEAKTRACK_TOOLS_COMPARE_GATE_LEAKS_H_
#define LEAKTRACK_TOOLS_COMPARE_GATE_LEAKS_H_

#include <cstddef>
#include <string>
#include <vector>

#include "tools/compare/gate.h"
#include "tools/compare/statistics.h"

namespace leaktrack {

// The work of all runs together, and its unit: "run" or "iteration".
double WorkOf(const std::vector<GateRun>& runs);
std::string UnitOf(const std::vector<GateRun>& runs);

// The largest mean interval between samples, bytes.
double IntervalOf(const std::vector<GateRun>& runs);

// What is alive at the end and no leak, because something points to it: over all runs, largest
// first.
std::vector<SiteCount> ReachableOf(const std::vector<GateRun>& runs);

struct GateLeak {
  SiteCount sum;      // over all runs
  Replicates counts;  // sampled blocks, run by run
  Replicates bytes;   // per unit of work, run by run
  size_t accused = 0;
  size_t seen = 0;  // number of runs
  size_t runs = 0;
  // One accusation among several runs is noise until the next run repeats it.
  bool leaks() const { return accused * 2 > runs; }
  bool in_every_run() const { return seen == runs; }
};

// `known`: the baseline, whose keys name sums of sites, too.
std::vector<GateLeak> GatherLeaks(const std::vector<GateRun>& runs, CountMode mode,
                                  const Baseline& known);

bool BeginsWith(const SiteKey& key, const SiteKey& with);

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_COMPARE_GATE_LEAKS_H_
