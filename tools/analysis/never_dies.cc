// SPDX-License-Identifier: Apache-2.0
#include "tools/analysis/never_dies.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "tools/analysis/stats.h"

namespace leaktrack {
namespace {

constexpr double kFirstCut = 1.0 / 64;
constexpr int kCuts = 5;
constexpr int kResidenceBands = 8;
constexpr size_t kStretches = 32;
constexpr double kSureP = 1e-4;  // the youngest cut that says so will do: older ones have fewer births to test
constexpr double kSeveral = 2;

struct Lived {
  double age_ms = 0;     // reached, dead or alive
  double weight = 1;
  double death_ms = kAlive;
  double LastSeen(double end_ms) const { return std::min(death_ms, end_ms); }
};

// All blocks born after the warm-up that grew older than `youngest`. A start-up block lives for other reasons.
std::vector<Lived> OldBlocks(const SiteHistory& history, const Window& window, double youngest) {
  std::vector<Lived> old;
  const auto add = [&](double birth_ms, double age_ms, double weight, double death_ms) {
    if (birth_ms >= window.warm_up_ms && age_ms > youngest) old.push_back({age_ms, weight, death_ms});
  };
  for (const WeightedBlock& block : history.survivors) {
    add(block.birth_ms, window.end_ms - block.birth_ms, block.weight, kAlive);
  }
  for (const WeightedBlock& block : history.dead) {
    add(block.birth_ms, block.death_ms - block.birth_ms, block.weight, block.death_ms);
  }
  for (const DeathStep& step : history.steps) {
    // Of these the birth is not known to a quarter of the age: none is let off.
    const double age = BandMiddleMs(step.band);
    add(window.warm_up_ms, age, step.deaths, step.time_ms);
  }
  return old;
}

struct Exposure {
  double time = 0;
  double deaths = 0;
};

// Time lived and deaths died between the ages `from` and `to`.
Exposure Between(const std::vector<Lived>& old, double from, double to) {
  Exposure sum;
  for (const Lived& block : old) {
    if (block.age_ms < from) continue;
    sum.time += block.weight * (std::min(block.age_ms, to) - from);
    if (block.death_ms != kAlive && block.age_ms < to) sum.deaths += block.weight;
  }
  return sum;
}

// The same beyond the age `cut`, since the first of these deaths: until a cache is full nobody has to go.
Exposure SinceTheFirstDeath(const std::vector<Lived>& old, double end_ms, double cut) {
  double first = kAlive;
  for (const Lived& block : old) {
    if (block.age_ms >= cut) first = std::min(first, block.death_ms);
  }
  Exposure sum;
  if (first == kAlive) return sum;
  for (const Lived& block : old) {
    const double last = block.LastSeen(end_ms);
    if (block.age_ms < cut || last < first) continue;
    sum.time += block.weight * (last - std::max(first, last - (block.age_ms - cut)));
    if (block.death_ms != kAlive) sum.deaths += block.weight;
  }
  sum.deaths = std::max(0.0, sum.deaths - 1);
  return sum;
}

// Variance over mean of the deaths beyond the age `cut`, over equal stretches of the time in which there can be any.
double DeathDispersion(const std::vector<Lived>& old, double end_ms, double cut) {
  std::array<double, kStretches> seen{};
  double all = 0;
  for (const Lived& block : old) {
    if (block.death_ms == kAlive || block.age_ms < cut) continue;
    const double place = std::clamp((block.death_ms - cut) / (end_ms - cut), 0.0, 1.0) * kStretches;
    seen[std::min<size_t>(static_cast<size_t>(place), kStretches - 1)] += block.weight;
    all += block.weight;
  }
  if (all <= 0) return 1;
  double variance = 0;
  for (const double count : seen) variance += (count - all / kStretches) * (count - all / kStretches);
  return std::max(1.0, variance / (kStretches - 1) / (all / kStretches));
}

// Old blocks die, and at some age much faster than a leak would allow: about that age, or 0.
double BoundedResidence(const std::vector<Lived>& old, double end_ms, double cut) {
  for (int i = 0; i < kResidenceBands; ++i) {
    const double from = cut + i * end_ms / kResidenceBands;
    const double to = from + end_ms / kResidenceBands;
    const Exposure band = Between(old, from, to);
    if (band.deaths < 2 || band.deaths * end_ms <= 2 * band.time) continue;  // the bound is lower still
    if (GammaQuantile(band.deaths, .05 / kResidenceBands) / band.time > 2 / end_ms) return (from + to) / 2;
  }
  return 0;
}

}  // namespace

NeverDies TestNeverDies(const SiteHistory& history, const Window& window) {
  NeverDies best;
  best.cut_ms = window.end_ms * kFirstCut;
  if (window.end_ms <= 0) return best;
  const std::vector<Lived> old = OldBlocks(history, window, best.cut_ms);
  for (int i = 0; i < kCuts && best.p > kSureP; ++i) {
    const double cut = window.end_ms * kFirstCut * std::exp2(i);
    const Exposure beyond = Between(old, cut, 2 * window.end_ms);
    const double phi = DeathDispersion(old, window.end_ms, cut);
    double p = PoissonCdf(beyond.deaths / phi, beyond.time / window.end_ms / phi);
    if (beyond.deaths >= kSeveral) {
      const Exposure recent = SinceTheFirstDeath(old, window.end_ms, cut);
      p = std::max(p, PoissonCdf(recent.deaths / phi, recent.time / window.end_ms / phi));
    }
    p = std::min(1.0, kCuts * p);
    if (p < best.p) best = {p, cut, beyond.time / window.end_ms, beyond.deaths, 0};
  }
  best.residence_ms = BoundedResidence(old, window.end_ms, best.cut_ms);
  return best;
}

}  // namespace leaktrack
