// SPDX-License-Identifier: Apache-2.0
//
// The populations: what real programs do with memory without leaking, and every way to leak.
//
// README.md describes each kind and its parameters. "hard": a cache that takes longer than half the
// window to fill, objects that live longer than that: within the window it is the same as a leak,
// by its true parameters.
//
// Thread-safety: none.
#ifndef LEAKTRACK_BENCH_VERDICTS_POPULATION_H_
#define LEAKTRACK_BENCH_VERDICTS_POPULATION_H_

#include "bench/verdicts/site_maker.h"

namespace leaktrack::verdicts {

// 1,934 sites of healthy behaviour less the leaks, times `scale`.
void AddHealthy(SiteMaker& maker, double scale);

// One leak each. `rate`: bytes per hour at the end of the run.
void AddLinearLeak(SiteMaker& maker, double rate);
void AddPartialLeak(SiteMaker& maker, double rate, double share);
void AddExponentialLeak(SiteMaker& maker, double rate);
void AddSawtoothLeak(SiteMaker& maker, double rate);
void AddLoadedLeak(SiteMaker& maker,
                   double rate);  // per unit of work, under a load that swings once a day
void AddLateLeak(SiteMaker& maker, double rate);
void AddContainerLeak(SiteMaker& maker, double rate);
void AddBacklog(SiteMaker& maker, double rate);
void AddBurstyLeak(SiteMaker& maker, double rate);
void AddPathsLeak(SiteMaker& maker, double rate, int paths);
void AddFreedAtExitLeak(SiteMaker& maker, double rate);

// 24 leaks, three of each of the first eight, log-uniform from 0.1 to 100 MB/h, a busy neighbour
// beside each.
void AddLeaks(SiteMaker& maker, int of_each);

// What the first populations lack, for good and bad: bursts, 30 and 300 call paths, 1 % of a busy
// site, freed at exit, one guilty caller among many of the same function; caches whose values are
// replaced, load that rises for good, garbage collected in waves.
void AddHeavy(SiteMaker& maker);
void AddHeavyHealthy(SiteMaker& maker);  // the good of these alone

}  // namespace leaktrack::verdicts

#endif  // LEAKTRACK_BENCH_VERDICTS_POPULATION_H_
