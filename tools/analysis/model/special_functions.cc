// SPDX-License-Identifier: Apache-2.0
#include "tools/analysis/model/special_functions.h"

#include <boost/math/special_functions/beta.hpp>
#include <boost/math/special_functions/gamma.hpp>

namespace leaktrack {
namespace {

namespace policies = boost::math::policies;

// The tools throw nothing, and twice the precision of double would cost twice the time.
constexpr auto kPolicy = policies::make_policy(policies::domain_error<policies::ignore_error>(),
                                               policies::pole_error<policies::ignore_error>(),
                                               policies::overflow_error<policies::ignore_error>(),
                                               policies::evaluation_error<policies::ignore_error>(),
                                               policies::promote_double<false>());

}  // namespace

double LowerGamma(double a, double x) { return boost::math::gamma_p(a, x, kPolicy); }
double UpperGamma(double a, double x) { return boost::math::gamma_q(a, x, kPolicy); }
double InverseLowerGamma(double a, double p) { return boost::math::gamma_p_inv(a, p, kPolicy); }
double LowerBeta(double a, double b, double x) { return boost::math::ibeta(a, b, x, kPolicy); }

}  // namespace leaktrack
