// SPDX-License-Identifier: Apache-2.0
#include "tools/analysis/model/stats.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numeric>

#include "tools/analysis/model/special_functions.h"

namespace leaktrack {
double NormalUpperTail(double z) { return 0.5 * std::erfc(z / std::sqrt(2.0)); }

double GammaCdf(double shape, double x) {
  if (x <= 0) return 0;
  if (shape <= 0) return 1;
  return LowerGamma(shape, x);
}

double GammaQuantile(double shape, double probability) {
  if (shape <= 0 || probability <= 0) return 0;
  return InverseLowerGamma(shape, probability);
}

double PoissonCdf(double count, double mean) {
  if (mean <= 0) return 1;
  if (count < 0) return 0;
  return UpperGamma(count + 1, mean);
}

Interval PoissonInterval90(double count) {
  return {GammaQuantile(count, .05), GammaQuantile(count + 1, .95)};
}

double TiltedMean(double gamma) {
  if (std::abs(gamma) < 1e-4) return 0.5 + gamma / 12;
  return 1 / -std::expm1(-gamma) - 1 / gamma;
}

double TiltedVariance(double gamma) {
  if (std::abs(gamma) < 1e-2) return 1.0 / 12 - gamma * gamma / 240;
  const double s = 2 * std::sinh(gamma / 2);  // e^g / (e^g - 1)^2 == 1 / s^2
  return 1 / (gamma * gamma) - 1 / (s * s);
}

double TiltFromMean(double mean) {
  double low = -60;
  double high = 60;
  for (int i = 0; i < 80; ++i) {
    const double mid = (low + high) / 2;
    (TiltedMean(mid) < mean ? low : high) = mid;
  }
  return (low + high) / 2;
}

double SamplingProbability(double size, double interval) {
  return interval <= 1 ? 1 : -std::expm1(-std::max(size, 1.0) / interval);
}

std::vector<double> BenjaminiHochberg(const std::vector<double>& p_values) {
  std::vector<size_t> order(p_values.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::sort(order.begin(), order.end(),
            [&](size_t a, size_t b) { return p_values[a] > p_values[b]; });
  std::vector<double> q(p_values.size());
  double smallest = 1;
  for (size_t i = 0; i < order.size(); ++i) {
    const double rank = static_cast<double>(order.size() - i);
    smallest = std::min(smallest, p_values[order[i]] * static_cast<double>(order.size()) / rank);
    q[order[i]] = smallest;
  }
  return q;
}

}  // namespace leaktrack
