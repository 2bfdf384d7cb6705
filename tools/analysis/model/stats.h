// SPDX-License-Identifier: Apache-2.0
//
// The few distributions that the verdicts are made of.
//
// What: normal, Poisson and gamma tails, the truncated exponential of the Laplace test,
// Benjamini-Hochberg.
// Promises: pure functions; any finite input gives a finite answer, to about 1e-10. The tests pin
// them to tabulated values. Limits: the incomplete gamma and beta functions are Boost's
// (special_functions.h).
#ifndef LEAKTRACK_TOOLS_ANALYSIS_MODEL_STATS_H_
#define LEAKTRACK_TOOLS_ANALYSIS_MODEL_STATS_H_

#include <vector>

namespace leaktrack {

inline constexpr double kZ90 = 1.645;  // half-width of a 90 % interval, in standard deviations

// P(Z > z) for a standard normal Z.
double NormalUpperTail(double z);

// P(Gamma(shape, 1) <= x): the regularized lower incomplete gamma function.
double GammaCdf(double shape, double x);
double GammaQuantile(double shape, double probability);

// P(Poisson(mean) <= count); `count` may be fractional (effective counts).
double PoissonCdf(double count, double mean);

// Exact 90 % interval of a Poisson mean of which `count` events were seen.
struct Interval {
  double low = 0, high = 0;
};
Interval PoissonInterval90(double count);

// Mean and variance of u in [0, 1] with density proportional to e^(gamma u): births whose rate
// changes by a factor of e^gamma over the window.
double TiltedMean(double gamma);
double TiltedVariance(double gamma);
// The gamma whose TiltedMean is `mean`, within [-60, 60].
double TiltFromMean(double mean);

// Probability that `weight` is kept by Poisson sampling: of a block of `size` bytes at mean
// interval `interval` bytes.
double SamplingProbability(double size, double interval);

// q-values of p-values, in the same order: the smallest false discovery rate at which each would be
// reported.
std::vector<double> BenjaminiHochberg(const std::vector<double>& p_values);

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_ANALYSIS_MODEL_STATS_H_
