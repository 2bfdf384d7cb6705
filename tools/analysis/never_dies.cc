// SPDX-License-Identifier: Apache-2.0
#include "tools/analysis/never_dies.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "libtrack/capture/age_band.h"
#include "tools/analysis/stats.h"

namespace leaktrack {
namespace {

constexpr double kFirstCut = 1.0 / 64;
constexpr int kCuts = 5;
constexpr int kResidenceBands = 8;
constexpr size_t kStretches = 32;

double BandMiddle(int band) {
  const auto start = static_cast<double>(capture::BandStartMs(static_cast<uint8_t>(band)));
  return band < capture::kBandLast ? start * 1.1 + 0.5 : start;  // relative width is at most 25 %
}

struct Exposure {
  double time = 0;
  double deaths = 0;
};

// Time lived and deaths died between the ages `from` and `to`.
Exposure Between(const SiteHistory& history, const Window& window, double from, double to) {
  Exposure sum;
  for (const WeightedBlock& block : history.survivors) {
    if (block.birth_ms < window.warm_up_ms) continue;
    sum.time += std::clamp(window.end_ms - block.birth_ms, from, to) - from;
  }
  for (int band = capture::kBandYoungest; band <= capture::kBandLast; ++band) {
    const double deaths = history.deaths_by_band[static_cast<size_t>(band)];
    if (deaths == 0) continue;
    const double age = BandMiddle(band);
    if (age < from) continue;
    sum.time += deaths * (std::min(age, to) - from);
    if (age < to) sum.deaths += deaths;
  }
  return sum;
}

// Variance over mean of the deaths beyond the age `cut`, over equal stretches of the time in which there can be any.
double DeathDispersion(const SiteHistory& history, const Window& window, double cut) {
  std::array<double, kStretches> seen{};
  double all = 0;
  const double span = window.end_ms - cut;
  for (const DeathStep& step : history.death_steps) {
    if (step.deaths <= 0 || BandMiddle(step.band) < cut) continue;
    const double place = std::clamp((step.time_ms - cut) / span, 0.0, 1.0) * kStretches;
    seen[std::min<size_t>(static_cast<size_t>(place), kStretches - 1)] += step.deaths;
    all += step.deaths;
  }
  if (all <= 0) return 1;
  double variance = 0;
  for (const double count : seen) variance += (count - all / kStretches) * (count - all / kStretches);
  return std::max(1.0, variance / (kStretches - 1) / (all / kStretches));
}

// Old blocks die, and at some age much faster than a leak would allow.
bool HasBoundedResidence(const SiteHistory& history, const Window& window, double cut) {
  for (int i = 0; i < kResidenceBands; ++i) {
    const double from = cut + i * window.end_ms / kResidenceBands;
    const Exposure band = Between(history, window, from, from + window.end_ms / kResidenceBands);
    if (band.deaths < 2 || band.time <= 0) continue;
    if (GammaQuantile(band.deaths, .05 / kResidenceBands) / band.time > 2 / window.end_ms) return true;
  }
  return false;
}

}  // namespace

NeverDies TestNeverDies(const SiteHistory& history, const Window& window) {
  NeverDies best;
  best.cut_ms = window.end_ms * kFirstCut;
  if (window.end_ms <= 0) return best;
  for (int i = 0; i < kCuts; ++i) {
    const double cut = window.end_ms * kFirstCut * std::exp2(i);
    const Exposure old = Between(history, window, cut, 2 * window.end_ms);
    const double phi = DeathDispersion(history, window, cut);
    const double p = std::min(1.0, kCuts * PoissonCdf(old.deaths / phi, old.time / window.end_ms / phi));
    if (p < best.p) best = {p, cut, old.time / window.end_ms, old.deaths, false};
  }
  best.bounded = HasBoundedResidence(history, window, best.cut_ms);
  return best;
}

}  // namespace leaktrack
