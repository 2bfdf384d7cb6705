// SPDX-License-Identifier: Apache-2.0
//
// The statistics of comparing two versions by counts: the exact conditional test.
//
// Promises: pure functions. Sources: Przyborowski and Wilenski 1940 (the conditional test of two
// Poisson means); overdispersion by dividing counts by phi (quasi-Poisson).
#ifndef LEAKTRACK_TOOLS_COMPARE_STATISTICS_H_
#define LEAKTRACK_TOOLS_COMPARE_STATISTICS_H_

#include <cstddef>
#include <vector>

namespace leaktrack {

// P(Bin(trials, probability) >= successes).
double BinomialUpperTail(double trials, double successes, double probability);

// How surely the rate of `now` exceeds that of `base`: P of counts like these if both rates were
// the same. Exposures are in the same unit (runs, iterations); phi >= 1 is the dispersion of the
// counts.
double HigherRateP(double base_count, double base_exposure, double now_count, double now_exposure,
                   double phi);

// Replicates of one site in one version.
using Replicates = std::vector<double>;

// phi: the variance of replicates over their mean, pooled over all whose mean is at least 1; at
// least 1, and 1 where nothing can be said. `degrees` receives the number of degrees of freedom
// behind it.
double PooledDispersion(const std::vector<Replicates>& sites, double* degrees);

// phi of one site: the pooled one, unless its own replicates scatter more than chance allows 1 in
// 50 times; then theirs, drawn towards the pooled one (which counts as four degrees of freedom).
// Why: what a collector or a pool has left lying at the end scatters tenfold beside sites that do
// not scatter at all, and a pooled phi calls it a regression (2 of 40 comparisons of ruby with
// itself).
double OwnDispersion(const std::vector<Replicates>& own, double pooled);

// What several runs of one version gave at one site: the mean of one run, the standard deviation
// between them. Fewer than two runs have none.
struct Spread {
  double mean = 0;
  double deviation = 0;
  size_t runs = 0;
  double degrees() const { return runs < 2 ? 0 : static_cast<double>(runs - 1); }
};
Spread SpreadOf(const Replicates& runs);

// How surely `now` exceeds `base` beyond what runs scatter by themselves (Student's t of two means
// of one pooled deviation), if versions of another day differ by `drift` of the base all the same.
// Where no deviation is known it is taken to be 30 % of the base.
double HigherMeanP(const Spread& base, const Spread& now, double drift);

// Lower 95 % bound of (now/now_exposure - base/base_exposure), in counts per unit of exposure.
double DifferenceLowerBound(double base_count, double base_exposure, double now_count,
                            double now_exposure, double phi);

// The smallest mean count in `now` that a site absent from `base` needs to be found with 90 % power
// at `p`.
double DetectableCount(double base_exposure, double now_exposure, double phi, double p);

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_COMPARE_STATISTICS_H_
