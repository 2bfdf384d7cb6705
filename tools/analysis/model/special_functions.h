// SPDX-License-Identifier: Apache-2.0
//
// The incomplete gamma and beta functions, by Boost.Math.
//
// What: the regularized functions that the tails of the gamma, Poisson and binomial distributions
// are made of. Why this header: Boost's headers take seconds to compile, and one file includes
// them. Promises: no exception; arguments outside the domain give NaN or the limit. Limits: double
// precision, a relative error of about 1e-14.
//
// Thread-safety: pure functions.
#ifndef LEAKTRACK_TOOLS_ANALYSIS_MODEL_SPECIAL_FUNCTIONS_H_
#define LEAKTRACK_TOOLS_ANALYSIS_MODEL_SPECIAL_FUNCTIONS_H_

namespace leaktrack {

// P(a, x) and Q(a, x) = 1 - P(a, x), for a > 0 and x >= 0.
double LowerGamma(double a, double x);
double UpperGamma(double a, double x);

// The x with P(a, x) = p, for a > 0 and 0 <= p < 1.
double InverseLowerGamma(double a, double p);

// I_x(a, b), for a, b > 0 and 0 <= x <= 1.
double LowerBeta(double a, double b, double x);

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_ANALYSIS_MODEL_SPECIAL_FUNCTIONS_H_
