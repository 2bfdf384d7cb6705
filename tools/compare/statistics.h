// SPDX-License-Identifier: Apache-2.0
//
// The statistics of comparing two versions by counts: the exact conditional test.
//
// Promises: pure functions.
// Sources: Przyborowski and Wilenski 1940 (the conditional test of two Poisson means);
// overdispersion by dividing counts by phi (quasi-Poisson).
#ifndef LEAKTRACK_TOOLS_COMPARE_STATISTICS_H_
#define LEAKTRACK_TOOLS_COMPARE_STATISTICS_H_

#include <cstddef>
#include <vector>

namespace leaktrack {

// P(Bin(trials, probability) >= successes).
double BinomialUpperTail(double trials, double successes, double probability);

// P of counts like these if both rates were the same: small if the rate of `now` exceeds that of
// `base`. Exposures are in the same unit (runs, iterations). phi >= 1 is the dispersion of the
// counts.
double HigherRateP(double base_count, double base_exposure, double now_count, double now_exposure,
                   double phi);

// Replicates of one site in one version.
using Replicates = std::vector<double>;

// phi: the variance of replicates over their mean, pooled over all replicates with a mean of at
// least 1. At least 1, and 1 if nothing is known. `degrees` receives its number of degrees of
// freedom.
double PooledDispersion(const std::vector<Replicates>& sites, double* degrees);

// phi of one site: the pooled one, unless its own replicates scatter more than chance allows once
// in 50 times. Then it is their own, drawn towards the pooled one (which counts as four degrees of
// freedom).
// Why: garbage that a collector or a pool leaves at the end scatters tenfold, beside sites that do
// not scatter at all. A pooled phi calls that a regression (2 of 40 comparisons of ruby with
// itself).
double OwnDispersion(const std::vector<Replicates>& own, double pooled);

// Results of several runs of one version at one site: the mean of one run, and the standard
// deviation between runs, if there are at least two.
struct Spread {
  double mean = 0;
  double deviation = 0;
  size_t runs = 0;
  double degrees() const { return runs < 2 ? 0 : static_cast<double>(runs - 1); }
};
Spread SpreadOf(const Replicates& runs);

// P of a difference like this by the scatter of the runs alone (Student's t of two means with one
// pooled deviation), if versions of another day differ by `drift` of the base all the same. An
// unknown deviation is taken as 30 % of the base.
double HigherMeanP(const Spread& base, const Spread& now, double drift);

// Lower 95 % bound of (now/now_exposure - base/base_exposure), in counts per unit of exposure.
double DifferenceLowerBound(double base_count, double base_exposure, double now_count,
                            double now_exposure, double phi);

// The smallest mean count in `now` at which a site absent from `base` is found with 90 % power at
// `p`.
double DetectableCount(double base_exposure, double now_exposure, double phi, double p);

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_COMPARE_STATISTICS_H_
