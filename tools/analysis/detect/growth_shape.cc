// SPDX-License-Identifier: Apache-2.0
#include "tools/analysis/detect/growth_shape.h"

#include <algorithm>
#include <cmath>

#include "tools/analysis/model/stats.h"

namespace leaktrack {
namespace {

constexpr double kRicher = 6;              // a richer model must be better by this
constexpr double kThreeDoublings = 2.079;  // in units of gamma
constexpr double kFilled = -3;  // births that fall by more than e^-3 are coming to their end

double LogLikelihoodOfExponential(double gamma, double mean, double n) {
  if (std::abs(gamma) < 1e-6) return 0;
  return n * (gamma * mean - std::log(std::expm1(gamma) / gamma));
}

double LogLikelihoodOfPower(const std::vector<Birth>& births, double weight, double n) {
  double logs = 0;
  for (const Birth& birth : births) logs += birth.weight * std::log(std::max(birth.u, 1e-6));
  const double power = -weight / std::min(logs, -1e-9);  // p + 1
  return n * (std::log(power) + (power - 1) * logs / weight);
}

std::vector<Birth> Since(const std::vector<Birth>& births, double onset) {
  std::vector<Birth> late;
  for (const Birth& birth : births) {
    if (birth.u >= onset) late.push_back({(birth.u - onset) / (1 - onset), birth.weight});
  }
  return late;
}

}  // namespace

GrowthShape ShapeOf(const std::vector<Birth>& births, const Births& tested) {
  GrowthShape shape;
  shape.gamma = tested.gamma;
  shape.gamma_error = tested.gamma_error;
  const double margin = std::max(1.0, 2 * tested.gamma_error);
  if (tested.gamma < -margin) {
    const bool filled = !tested.in_last_quarter || tested.gamma + tested.gamma_error < kFilled;
    shape.trend = filled ? Trend::kPlateau : Trend::kDecelerating;
    return shape;
  }
  const double n = tested.effective;
  if (tested.gamma <= 2 * tested.gamma_error || n < kMinEffectiveBlocks) return shape;

  double weight = 0;
  double mean = 0;
  for (const Birth& birth : births) {
    weight += birth.weight;
    mean += birth.weight * birth.u;
  }
  mean /= weight;
  const double price = std::log(n);
  const double exponential = -2 * LogLikelihoodOfExponential(tested.gamma, mean, n) + price;
  const double power = -2 * LogLikelihoodOfPower(births, weight, n) + price;
  const Onset onset = BestOnset(births);
  const double late = -2 * n * onset.log_likelihood + 2 * price;
  if (onset.IsClear() && late + kRicher < std::min({0.0, exponential, power})) {
    const Births after = TestBirths(Since(births, onset.at));
    shape.onset = onset.at;
    shape.gamma = after.gamma;
    shape.gamma_error = after.gamma_error;
    shape.trend =
        after.gamma > std::max(1.0, 2 * after.gamma_error) ? Trend::kAccelerating : Trend::kLinear;
  } else if (tested.gamma > kThreeDoublings && exponential <= power) {
    shape.trend = Trend::kExponential;
  } else if (tested.gamma > margin) {
    shape.trend = Trend::kAccelerating;
  }
  return shape;
}

}  // namespace leaktrack
