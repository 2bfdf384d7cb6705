// SPDX-License-Identifier: Apache-2.0
//
// What a tested site is called, and its figures.
#include <algorithm>
#include <cmath>

#include "tools/analysis/detect/judge.h"
#include "tools/analysis/model/stats.h"

namespace leaktrack {
namespace {

constexpr double kOldDie = 0.05;  // p1 above this: old blocks do die here
constexpr double kStartupShare = 0.9;
constexpr double kSlowsDown = -1;  // in units of gamma
constexpr double kTellingBlocks = 20;

// Start-up lasts two minutes, a quarter of a short run, 5 % of a long one.
double StartupEnd(const Window& window) {
  return std::max(window.warm_up_ms, std::min(120e3, window.end_ms / 4));
}

bool IsStartup(const SiteHistory& history, const Window& window) {
  double early = 0;
  double all = 0;
  for (const WeightedBlock& block : history.survivors) {
    all += block.Bytes();
    if (block.birth_ms <= StartupEnd(window)) early += block.Bytes();
  }
  return all > 0 && early >= kStartupShare * all;
}

// All of it came in a few moments.
bool IsStep(const Births& births) { return births.occupied_fine <= std::min(8, births.blocks / 2); }

// The name of a site whose growth is not significant.
Trend TrendOfNoGrowth(const Judgement& judgement) {
  const Births& births = judgement.wall;
  if (!births.in_last_quarter) return Trend::kPlateau;
  if (judgement.shape.trend == Trend::kPlateau) return Trend::kPlateau;
  if (births.gamma < kSlowsDown) return Trend::kDecelerating;
  if (judgement.never_dies.deaths > 0) return Trend::kChurn;
  return births.Sound() && births.effective >= kTellingBlocks ? judgement.shape.trend
                                                              : Trend::kInsufficient;
}

Trend TrendOfGrowth(const Judgement& judgement) {
  switch (judgement.channel) {
    case Channel::kContainer:
      return Trend::kContainer;
    case Channel::kBacklog:
      return Trend::kBacklog;
    case Channel::kSteps:
      return Trend::kStep;
    case Channel::kImmortals:
    case Channel::kNone:
      break;
  }
  if (judgement.teeth.Saw()) return Trend::kSawtooth;
  // What is uniform in work is steady, whatever the load does.
  if (judgement.by_work &&
      std::abs(judgement.births.gamma) <= std::max(1.0, 2 * judgement.births.gamma_error)) {
    return Trend::kLinear;
  }
  return judgement.shape.trend;
}

// What clears a site comes before what names its growth.
Trend Classify(const Judgement& judgement, const SiteHistory& history, const Window& window) {
  const Births& births = judgement.wall;
  if (judgement.p <= kMaxP) return TrendOfGrowth(judgement);
  const bool die = judgement.never_dies.deaths > 0 && judgement.never_dies.p > kOldDie;
  const bool periodic = judgement.teeth.Saw() || judgement.period_ms > 0;
  if (judgement.never_dies.bounded()) {
    if (periodic && judgement.teeth.bursty) return Trend::kPeriodic;
    return judgement.never_dies.at_one_age ? Trend::kBounded : Trend::kChurn;
  }
  if (history.survivors.size() < kMinEffectiveBlocks) {
    if (!die) return Trend::kInsufficient;
    return periodic ? Trend::kPeriodic : Trend::kChurn;
  }
  if (IsStartup(history, window)) return Trend::kStartup;
  if (die) return periodic ? Trend::kPeriodic : Trend::kChurn;
  if (births.blocks < kMinEffectiveBlocks)
    return births.blocks == 0 ? Trend::kFlat : Trend::kInsufficient;
  return IsStep(births) ? Trend::kStep : TrendOfNoGrowth(judgement);
}

// Growth in bytes per hour: at the end of the run where it changes, else over all of it.
void Quantify(const SiteHistory& history, const Window& window, Judgement& judgement) {
  const double cut_ms = judgement.never_dies.clean_cut_ms;
  BornBytes born = SumBirths(history, window, cut_ms);
  const double from_ms = window.warm_up_ms + judgement.shape.onset * born.span_ms;
  if (judgement.shape.onset > 0) {
    born = SumBirths(history, {window.end_ms, from_ms}, cut_ms);
    if (judgement.p <= kMaxP) judgement.onset_ms = from_ms;
  }
  if (born.bytes <= 0 || born.span_ms <= 0) return;
  const bool steady = judgement.trend == Trend::kLinear || judgement.trend == Trend::kSawtooth;
  const double gamma = steady ? 0 : judgement.shape.gamma;
  const double at_end = std::abs(gamma) < 1e-6 ? 1 : gamma / -std::expm1(-gamma);
  const double n = std::max(born.effective / judgement.wall.phi, 1e-3);
  const Interval count = PoissonInterval90(n);
  const double per_hour = born.bytes / born.span_ms * kMsPerHour * at_end;
  // Where the rate changes, how fast it does is not known either: d log(rate at the end) / d gamma
  // = 1 - m(gamma).
  const double slope_error = steady ? 0 : judgement.shape.gamma_error * (1 - TiltedMean(gamma));
  const double low = std::hypot(1 - count.low / n, kZ90 * slope_error);
  const double high = std::hypot(count.high / n - 1, kZ90 * slope_error);
  judgement.growth = Rate{per_hour, per_hour * std::max(0.0, 1 - low), per_hour * (1 + high)};
  const double span_hours = born.span_ms / kMsPerHour;
  judgement.model =
      GrowthModel{per_hour, gamma / span_hours,
                  steady ? 0 : judgement.shape.gamma_error / span_hours, n, span_hours};
  if (judgement.trend == Trend::kExponential)
    judgement.doubling_ms = born.span_ms * std::log(2.0) / gamma;
  const double ever = history.BornAt(window.end_ms - cut_ms) - history.BornAt(from_ms);
  if (ever > 0) judgement.leaked_share = std::min(1.0, born.bytes / ever);
}

template <typename Found>
void TakeRate(const Found& found, Judgement& judgement) {
  judgement.growth = Rate{found.bytes_per_hour, found.low, found.high};
  // The interval as a gamma law: its shape is (mean / standard deviation)^2.
  const double deviation = (found.high - found.low) / 2 / kZ90;
  const double shape = deviation > 0 ? std::pow(found.bytes_per_hour / deviation, 2) : 1;
  judgement.model = GrowthModel{found.bytes_per_hour, 0, 0, std::max(shape, 1.0)};
}

}  // namespace

void Describe(const SiteHistory& history, const Look& look, Judgement& judgement) {
  const Window& window = look.window;
  judgement.shape =
      ShapeOf(BirthPlaces(history, window, judgement.never_dies.cut_ms, nullptr), judgement.wall);
  judgement.teeth = FindSawtooth(history, window);
  if (judgement.p > kMaxP && judgement.never_dies.p > kOldDie)
    judgement.period_ms = PeriodMs(history, window);
  judgement.trend = Classify(judgement, history, window);
  if (judgement.p <= kMaxP && judgement.channel == Channel::kContainer) {
    TakeRate(*judgement.container, judgement);
  } else if (judgement.p <= kMaxP && judgement.channel == Channel::kBacklog) {
    TakeRate(*judgement.backlog, judgement);
  } else if (judgement.p <= kMaxP && judgement.channel == Channel::kSteps) {
    TakeRate(*judgement.steps, judgement);
  } else if (judgement.wall.blocks > 0 && !judgement.never_dies.bounded() &&
             std::pow(judgement.never_dies.p, 1 / judgement.wall.phi) <= kOldDie) {
    Quantify(history, window, judgement);
  }
}

}  // namespace leaktrack
