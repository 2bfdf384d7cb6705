// SPDX-License-Identifier: Apache-2.0
#include "tools/compare/statistics.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "tools/analysis/model/special_functions.h"
#include "tools/analysis/model/stats.h"

namespace leaktrack {
double BinomialUpperTail(double trials, double successes, double probability) {
  if (successes <= 0) return 1;
  if (successes > trials) return 0;
  return LowerBeta(successes, trials - successes + 1, probability);
}

double HigherRateP(double base_count, double base_exposure, double now_count, double now_exposure,
                   double phi) {
  const double now = std::floor(now_count / phi + 1e-9);  // both rounded against an accusation
  const double all = std::max(now, std::ceil((base_count + now_count) / phi - 1e-9));
  return BinomialUpperTail(all, now, now_exposure / (base_exposure + now_exposure));
}

double PooledDispersion(const std::vector<Replicates>& sites, double* degrees) {
  double sum = 0;
  *degrees = 0;
  for (const Replicates& counts : sites) {
    if (counts.size() < 2) continue;
    const double mean =
        std::accumulate(counts.begin(), counts.end(), 0.0) / static_cast<double>(counts.size());
    if (mean < 1) continue;
    for (const double count : counts) sum += (count - mean) * (count - mean) / mean;
    *degrees += static_cast<double>(counts.size() - 1);
  }
  return *degrees > 0 ? std::max(1.0, sum / *degrees) : 1.0;
}

double OwnDispersion(const std::vector<Replicates>& own, double pooled) {
  constexpr double kPriorDegrees = 4, kByChance = .02;
  double degrees = 0;
  const double phi = PooledDispersion(own, &degrees);
  if (degrees <= 0 || degrees * phi / pooled <= 2 * GammaQuantile(degrees / 2, 1 - kByChance))
    return pooled;
  return std::max(pooled, (kPriorDegrees * pooled + degrees * phi) / (kPriorDegrees + degrees));
}

Spread SpreadOf(const Replicates& runs) {
  if (runs.empty()) return {};
  const auto count = static_cast<double>(runs.size());
  const double mean = std::accumulate(runs.begin(), runs.end(), 0.0) / count;
  double squares = 0;
  for (const double run : runs) squares += (run - mean) * (run - mean);
  return {mean, runs.size() < 2 ? 0 : std::sqrt(squares / (count - 1)), runs.size()};
}

double HigherMeanP(const Spread& base, const Spread& now, double drift) {
  constexpr double kUnknownDeviation = .3;
  if (now.mean <= base.mean) return 1;
  const double degrees = base.degrees() + now.degrees();
  const double variance = degrees <= 0 ? std::pow(kUnknownDeviation * base.mean, 2)
                                       : (base.degrees() * base.deviation * base.deviation +
                                          now.degrees() * now.deviation * now.deviation) /
                                             degrees;
  const double parts = 1 / static_cast<double>(std::max<size_t>(1, base.runs)) +
                       1 / static_cast<double>(std::max<size_t>(1, now.runs));
  const double error = std::sqrt(variance * parts + std::pow(drift * base.mean, 2));
  if (error <= 0) return 0;
  const double t = (now.mean - base.mean) / error;
  if (degrees <= 0) return NormalUpperTail(t);
  return LowerBeta(degrees / 2, .5, degrees / (degrees + t * t)) / 2;
}

double DifferenceLowerBound(double base_count, double base_exposure, double now_count,
                            double now_exposure, double phi) {
  const Interval base = PoissonInterval90(base_count / phi);  // its ends are 95 % bounds
  const Interval now = PoissonInterval90(now_count / phi);
  const double difference = now_count / now_exposure - base_count / base_exposure;
  const double below = (now_count / phi - now.low) * phi / now_exposure;
  const double above = (base.high - base_count / phi) * phi / base_exposure;
  // Square-root rule for the bound of a difference of two bounds (MOVER, Zou and Donner 2008).
  return difference - std::sqrt(below * below + above * above);
}

double DetectableCount(double base_exposure, double now_exposure, double phi, double p) {
  double needed = 1;
  while (needed < 1e6 && HigherRateP(0, base_exposure, needed * phi, now_exposure, phi) > p)
    ++needed;
  double mean = needed;  // so many or more are seen with 90 % probability
  while (PoissonCdf(needed - 1, mean) > .1) mean += .1 + mean * .01;
  return mean * phi;
}

}  // namespace leaktrack
