// SPDX-License-Identifier: Apache-2.0
//
// The populations: what real programs do with memory without leaking, and every way to leak.
//
// README.md describes each kind and its parameters. "hard": a cache that takes longer than half the
// window to fill, or objects that live longer than that. By their true parameters these look the
// same as a leak within the window.
//
// Thread-safety: none.
#ifndef LEAKTRACK_BENCH_VERDICTS_POPULATION_H_
#define LEAKTRACK_BENCH_VERDICTS_POPULATION_H_

#include "bench/verdicts/site_maker.h"

namespace leaktrack::verdicts {

// 1,934 sites of healthy behaviour, minus the leaks, times `scale`.
void AddHealthy(SiteMaker& maker, double scale);

// Adds one leak each. `rate`: bytes per hour at the end of the run.
void AddLinearLeak(SiteMaker& maker, double rate);
void AddPartialLeak(SiteMaker& maker, double rate, double share);
void AddExponentialLeak(SiteMaker& maker, double rate);
void AddSawtoothLeak(SiteMaker& maker, double rate);
void AddLoadedLeak(SiteMaker& maker,
                   // Per unit of work, under a load that swings once a day.
                   double rate);
void AddLateLeak(SiteMaker& maker, double rate);
void AddContainerLeak(SiteMaker& maker, double rate);
void AddBacklog(SiteMaker& maker, double rate);
void AddBurstyLeak(SiteMaker& maker, double rate);
void AddPathsLeak(SiteMaker& maker, double rate, int paths);
void AddFreedAtExitLeak(SiteMaker& maker, double rate);

// 24 leaks, three of each of the first eight kinds, log-uniform from 0.1 to 100 MB/h, with a busy
// neighbour for each.
void AddLeaks(SiteMaker& maker, int of_each);

// What the first populations lack. Leaks: bursts, 30 and 300 call paths, 1 % of a busy site, freed
// at exit, one guilty caller among many of the same function. Healthy: caches whose values are
// replaced, load that rises for good, memory that is garbage collected in waves.
void AddHeavy(SiteMaker& maker);
void AddHeavyHealthy(SiteMaker& maker);  // the good of these alone

}  // namespace leaktrack::verdicts

#endif  // LEAKTRACK_BENCH_VERDICTS_POPULATION_H_
