// SPDX-License-Identifier: Apache-2.0
#include "tools/analysis/detect/never_dies.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <vector>

#include "tools/analysis/model/stats.h"

namespace leaktrack {
namespace {

constexpr double kFirstCut = 1.0 / 64;
constexpr int kCuts = 5;
constexpr int kResidenceBands = 8;
constexpr size_t kStretches = 32;
constexpr double kSureP = 1e-4;
constexpr double kClean = 0.02;  // share of old blocks that may die
// Where nothing old dies the first cut has all the exposure, so it gets half of the error rate.
constexpr double kPriceOfFirst = 2, kPriceOfOthers = 2 * (kCuts - 1);
constexpr double kSeveral = 2;
constexpr double kSameAge = 0.35;  // standard deviation over mean; exponential lives have 1
constexpr double kFewest = 16;     // blocks, to tell how clean a cut is

struct Lived {
  double age_ms = 0;  // reached, dead or alive
  double weight = 1;
  double death_ms = kAlive;
  double LastSeen(double end_ms) const { return std::min(death_ms, end_ms); }
};

// All blocks born after the warm-up that grew older than `youngest`. A start-up block lives for
// other reasons.
std::vector<Lived> OldBlocks(const SiteHistory& history, const Window& window, double youngest) {
  std::vector<Lived> old;
  const auto add = [&](double birth_ms, double age_ms, double weight, double death_ms) {
    if (birth_ms >= window.warm_up_ms && age_ms > youngest)
      old.push_back({age_ms, weight, death_ms});
  };
  for (const WeightedBlock& block : history.survivors) {
    add(block.birth_ms, window.end_ms - block.birth_ms, block.weight, kAlive);
  }
  for (const WeightedBlock& block : history.dead) {
    add(block.birth_ms, block.death_ms - block.birth_ms, block.weight, block.death_ms);
  }
  for (const DeathStep& step : history.steps) {
    // Of these the birth is not known to a quarter of the age: none is let off.
    const double age = kBandMiddleMs[step.band];
    if (age <= youngest) continue;
    for (int part = 1; part <= step.parts; ++part)
      add(window.warm_up_ms, age, step.deaths / step.parts, step.PartEndMs(part));
  }
  return old;
}

struct Exposure {
  double time = 0;
  double deaths = 0;
  double blocks = 0;
};

// Time lived and deaths died between the ages `from` and `to`.
Exposure Between(const std::vector<Lived>& old, double from, double to) {
  Exposure sum;
  for (const Lived& block : old) {
    if (block.age_ms < from) continue;
    sum.blocks += block.weight;
    sum.time += block.weight * (std::min(block.age_ms, to) - from);
    if (block.death_ms != kAlive && block.age_ms < to) sum.deaths += block.weight;
  }
  return sum;
}

// The same beyond the age `cut`, since the first of these deaths: until a cache is full nobody has
// to go.
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

// Variance over mean of the deaths beyond the age `cut`, over equal stretches of the time in which
// there can be any.
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
  for (const double count : seen)
    variance += (count - all / kStretches) * (count - all / kStretches);
  return std::max(1.0, variance / (kStretches - 1) / (all / kStretches));
}

// Old blocks die, and at some age much faster than a leak would allow: about that age, or 0.
double BoundedResidence(const std::vector<Lived>& old, double end_ms, double cut) {
  for (int i = 0; i < kResidenceBands; ++i) {
    const double from = cut + i * end_ms / kResidenceBands;
    const double to = from + end_ms / kResidenceBands;
    const Exposure band = Between(old, from, to);
    if (band.deaths < 2 || band.deaths * end_ms <= 2 * band.time)
      continue;  // the bound is lower still
    // The lower bound of deaths per time, a quantile of a gamma distribution, lies above 2 per run.
    if (GammaCdf(band.deaths, 2 * band.time / end_ms) < .05 / kResidenceBands)
      return (from + to) / 2;
  }
  return 0;
}

double PAtCut(const std::vector<Lived>& old, double end_ms, double cut, const Exposure& beyond) {
  const double phi = DeathDispersion(old, end_ms, cut);
  const double p = PoissonCdf(beyond.deaths / phi, beyond.time / end_ms / phi);
  if (beyond.deaths < kSeveral) return p;
  const Exposure recent = SinceTheFirstDeath(old, end_ms, cut);
  return std::max(p, PoissonCdf(recent.deaths / phi, recent.time / end_ms / phi));
}

// Of the cuts that are sure the youngest leaves most births to test; an older one must be much
// cleaner of deaths.
bool IsBetter(double p, double share, double best_p, double best_share) {
  if (p > kSureP) return best_p > kSureP && p < best_p;
  return best_p > kSureP || (best_share > kClean && share < best_share / 2);
}

// Old blocks die at about the same age, as those of a cache do, and not one by one, as those of a
// heap of sessions.
bool DieAtOneAge(const std::vector<Lived>& old) {
  double n = 0;
  double sum = 0;
  double squares = 0;
  for (const Lived& block : old) {
    if (block.death_ms == kAlive) continue;
    n += block.weight;
    sum += block.weight * block.age_ms;
    squares += block.weight * block.age_ms * block.age_ms;
  }
  return n > 0 && std::sqrt(std::max(0.0, squares / n - sum * sum / n / n)) <= kSameAge * sum / n;
}

}  // namespace

NeverDies TestNeverDies(const SiteHistory& history, const Window& window) {
  NeverDies best;
  best.cut_ms = window.end_ms * kFirstCut;
  if (window.end_ms <= 0) return best;
  const std::vector<Lived> old = OldBlocks(history, window, best.cut_ms);
  double best_share = 1;
  double cleanest = 2;
  double clean_cut_ms = best.cut_ms;
  for (int i = 0; i < kCuts; ++i) {
    NeverDies tried;
    tried.cut_ms = window.end_ms * kFirstCut * std::exp2(i);
    const Exposure beyond = Between(old, tried.cut_ms, 2 * window.end_ms);
    tried.exposure = beyond.time / window.end_ms;
    tried.deaths = beyond.deaths;
    tried.p = std::min(1.0, PAtCut(old, window.end_ms, tried.cut_ms, beyond) *
                                (i == 0 ? kPriceOfFirst : kPriceOfOthers));
    const double share = beyond.deaths / std::max(beyond.blocks, 1e-9);
    if (beyond.blocks >= kFewest && share < cleanest - kClean) {
      cleanest = share;
      clean_cut_ms = tried.cut_ms;
    }
    if (!IsBetter(tried.p, share, best.p, best_share)) continue;
    best = tried;
    best_share = share;
  }
  best.clean_cut_ms = std::max(clean_cut_ms, best.cut_ms);
  best.residence_ms = BoundedResidence(old, window.end_ms, best.cut_ms);
  best.at_one_age = best.bounded() && DieAtOneAge(old);
  return best;
}

}  // namespace leaktrack
