// SPDX-License-Identifier: Apache-2.0
#include "tools/analysis/process/forecast.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <random>

#include "tools/analysis/model/stats.h"

namespace leaktrack {
namespace {

constexpr size_t kDraws = 2000;
constexpr uint64_t kSeed = 20260101;
constexpr double kNever = std::numeric_limits<double>::infinity();
constexpr double kForeverHours = 100 * 365.0 * 24;  // beyond this is never
constexpr double kMostExponent = 60;                // a factor of 10^26: whatever was left is gone
constexpr int kHalvings = 60;
constexpr double kUneven =
    .02;  // no load is so even that thousands of samples tell its rate to a part in a thousand

struct Draw {
  double rate = 0;   // bytes per hour at the end of the run
  double slope = 0;  // per hour
  double seen_hours = 0;
};

double GrownAfter(const Draw& draw, double hours) {
  if (draw.slope > 0 && draw.seen_hours > 0 && hours > draw.seen_hours) {
    const double later =
        draw.rate * std::exp(std::min(draw.slope * draw.seen_hours, kMostExponent));
    return GrownAfter(draw, draw.seen_hours) + later * (hours - draw.seen_hours);
  }
  const double exponent = std::min(draw.slope * hours, kMostExponent);
  if (std::abs(exponent) < 1e-9) return draw.rate * hours;
  return draw.rate * std::expm1(exponent) / draw.slope;
}

double GrownAfter(const std::vector<Draw>& draws, double hours) {
  double bytes = 0;
  for (const Draw& draw : draws) bytes += GrownAfter(draw, hours);
  return bytes;
}

// Growth only ever rises, so there is one crossing, or none.
double HoursToGrow(const std::vector<Draw>& draws, double bytes) {
  if (bytes <= 0) return 0;
  if (GrownAfter(draws, kForeverHours) < bytes) return kNever;
  double before = 0;
  double after = kForeverHours;
  for (int i = 0; i < kHalvings && after - before > 1e-9 * after; ++i) {
    // In logarithms: the answer may be seconds or years.
    const double middle = before > 0 ? std::sqrt(before * after) : after / 1024;
    (GrownAfter(draws, middle) < bytes ? before : after) = middle;
  }
  return after;
}

// Calls `each` with every draw; the same ones every time.
template <typename Each>
void ForEachDraw(const std::vector<GrowthModel>& growing, double resident_per_live,
                 const Each& each) {
  std::mt19937_64 random(kSeed);
  std::vector<Draw> draws(growing.size());
  for (size_t i = 0; i < kDraws; ++i) {
    const double cost = resident_per_live * std::lognormal_distribution<double>(0, kUneven)(random);
    for (size_t s = 0; s < growing.size(); ++s) {
      const GrowthModel& model = growing[s];
      const double shape = std::max(model.effective_samples, 1.0);
      draws[s].rate =
          std::gamma_distribution<double>(shape, cost * model.end_bytes_per_hour / shape)(random);
      draws[s].slope = model.slope_error > 0 ? std::normal_distribution<double>(
                                                   model.slope_per_hour, model.slope_error)(random)
                                             : model.slope_per_hour;
      draws[s].seen_hours = model.seen_hours;
    }
    each(draws);
  }
}

}  // namespace

Forecast::Forecast(const std::vector<GrowthModel>& growing, double headroom_bytes,
                   double resident_per_live) {
  if (growing.empty()) return;
  seconds_.reserve(kDraws);
  ForEachDraw(growing, resident_per_live, [&](const std::vector<Draw>& draws) {
    seconds_.push_back(HoursToGrow(draws, headroom_bytes) * 3600);
  });
  std::sort(seconds_.begin(), seconds_.end());
}

std::vector<FanPoint> FanOf(const std::vector<GrowthModel>& growing, double resident_per_live,
                            double until_seconds, size_t points) {
  std::vector<FanPoint> fan(points + 1);
  std::vector<std::vector<double>> grown(points + 1);
  for (size_t i = 0; i <= points; ++i)
    fan[i].seconds = until_seconds * static_cast<double>(i) / static_cast<double>(points);
  ForEachDraw(growing, resident_per_live, [&](const std::vector<Draw>& draws) {
    for (size_t i = 0; i <= points; ++i)
      grown[i].push_back(GrownAfter(draws, fan[i].seconds / 3600));
  });
  for (size_t i = 0; i <= points; ++i) {
    std::sort(grown[i].begin(), grown[i].end());
    const auto at = [&](double share) {
      return grown[i][static_cast<size_t>(share * (kDraws - 1))];
    };
    fan[i].low_bytes = at(.1);
    fan[i].mid_bytes = at(.5);
    fan[i].high_bytes = at(.9);
  }
  return fan;
}

std::optional<double> Forecast::SecondsAt(double share) const {
  if (seconds_.empty()) return std::nullopt;
  const double rank = std::clamp(share, 0.0, 1.0) * static_cast<double>(seconds_.size() - 1);
  const double seconds = seconds_[static_cast<size_t>(std::lround(rank))];
  return std::isfinite(seconds) ? std::optional<double>(seconds) : std::nullopt;
}

double Forecast::ProbabilityWithin(double seconds) const {
  if (seconds_.empty()) return 0;
  const auto sooner =
      std::upper_bound(seconds_.begin(), seconds_.end(), seconds) - seconds_.begin();
  return static_cast<double>(sooner) / static_cast<double>(seconds_.size());
}

std::optional<GrowthModel> ModelOf(const SiteResult& site) {
  return site.model && site.model->end_bytes_per_hour > 0 ? site.model : ModelOf(site.growth);
}

std::optional<GrowthModel> ModelOf(const std::optional<Rate>& growth) {
  if (!growth || growth->mid <= 0) return std::nullopt;
  const double deviation = std::max((growth->high - growth->low) / (2 * kZ90), 1e-6 * growth->mid);
  GrowthModel model;
  model.end_bytes_per_hour = growth->mid;
  model.effective_samples = std::pow(growth->mid / deviation, 2);
  return model;
}

}  // namespace leaktrack
