// SPDX-License-Identifier: Apache-2.0
#include "tools/analysis/model/stats.h"

#include <math.h>

#include <algorithm>
#include <cmath>
#include <numeric>

namespace leaktrack {
namespace {

constexpr double kTiny = 1e-300;
constexpr int kMaxTerms = 10000;

// std::lgamma writes the sign to a global of the C library; sites are judged on several threads.
double LogGamma(double a) {
  int sign = 0;
  return lgamma_r(a, &sign);
}

double GammaSeries(double a, double x) {
  double term = 1 / a;
  double sum = term;
  for (int n = 1; n < kMaxTerms && term > sum * 1e-16; ++n) {
    term *= x / (a + n);
    sum += term;
  }
  return sum * std::exp(-x + a * std::log(x) - LogGamma(a));
}

// The upper tail by Lentz's continued fraction; converges quickly for x > a + 1.
double GammaFraction(double a, double x) {
  double b = x + 1 - a;
  double c = 1 / kTiny;
  double d = 1 / b;
  double h = d;
  for (int i = 1; i < kMaxTerms; ++i) {
    const double an = -i * (i - a);
    b += 2;
    d = an * d + b;
    if (std::abs(d) < kTiny) d = kTiny;
    c = b + an / c;
    if (std::abs(c) < kTiny) c = kTiny;
    d = 1 / d;
    h *= d * c;
    if (std::abs(d * c - 1) < 1e-15) break;
  }
  return h * std::exp(-x + a * std::log(x) - LogGamma(a));
}

}  // namespace

double NormalUpperTail(double z) { return 0.5 * std::erfc(z / std::sqrt(2.0)); }

double GammaCdf(double shape, double x) {
  if (x <= 0) return 0;
  if (shape <= 0) return 1;
  return x < shape + 1 ? GammaSeries(shape, x) : 1 - GammaFraction(shape, x);
}

double GammaQuantile(double shape, double probability) {
  if (shape <= 0 || probability <= 0) return 0;
  double low = 0;
  double high = shape + 10 * std::sqrt(shape) + 50;
  for (int i = 0; i < 80 && high - low > 1e-12 * high; ++i) {
    const double mid = (low + high) / 2;
    (GammaCdf(shape, mid) < probability ? low : high) = mid;
  }
  return (low + high) / 2;
}

double PoissonCdf(double count, double mean) {
  if (mean <= 0) return 1;
  if (count < 0) return 0;
  // The upper fraction directly where it is the small one, because 1 - P would lose all digits of a tiny p-value.
  const double a = count + 1;
  return mean > a + 1 ? GammaFraction(a, mean) : 1 - GammaSeries(a, mean);
}

Interval PoissonInterval90(double count) { return {GammaQuantile(count, .05), GammaQuantile(count + 1, .95)}; }

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
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) { return p_values[a] > p_values[b]; });
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
