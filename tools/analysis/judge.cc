// SPDX-License-Identifier: Apache-2.0
#include "tools/analysis/judge.h"

#include <algorithm>
#include <cmath>

#include "tools/analysis/stats.h"

namespace leaktrack {
namespace {

constexpr double kOldDie = 0.05;          // p1 above this: old blocks do die here
constexpr double kStartupShare = 0.9;
constexpr double kFilledCache = -6;       // births that fall by more than e^-6 have stopped

// Start-up lasts two minutes, a quarter of a short run, 5 % of a long one.
double StartupEnd(const Window& window) { return std::max(window.warm_up_ms, std::min(120e3, window.end_ms / 4)); }

bool IsStartup(const SiteHistory& history, const Window& window) {
  double early = 0;
  double all = 0;
  for (const WeightedBlock& block : history.survivors) {
    all += block.Bytes();
    if (block.birth_ms <= StartupEnd(window)) early += block.Bytes();
  }
  return all > 0 && early >= kStartupShare * all;
}

Trend GrowingTrend(const Births& births) {
  const double margin = std::max(1.0, 2 * births.gamma_error);
  if (births.gamma > margin) return Trend::kAccelerating;
  return births.gamma < -margin ? Trend::kDecelerating : Trend::kLinear;
}

// The order is that of science.md 2.4: what clears a site comes before what names its growth.
Trend Classify(const Judgement& judgement, const SiteHistory& history, const Window& window, bool grows) {
  const Births& births = judgement.births;
  if (judgement.container) return Trend::kContainer;
  if (grows) return GrowingTrend(births);
  if (history.survivors.size() < kMinEffectiveBlocks) return Trend::kInsufficient;
  if (IsStartup(history, window)) return Trend::kStartup;
  if (judgement.never_dies.bounded) return Trend::kBounded;
  if (judgement.never_dies.deaths > 0 && judgement.never_dies.p > kOldDie) return Trend::kChurn;
  if (births.blocks < kMinEffectiveBlocks) return births.blocks == 0 ? Trend::kFlat : Trend::kInsufficient;
  if (births.largest_bin > 0.6 || births.occupied_bins < 4 || births.effective < kMinEffectiveBlocks) return Trend::kStep;
  if (!births.in_last_quarter || births.gamma < kFilledCache) return Trend::kPlateau;
  return GrowingTrend(births);
}

Rate RateOf(const Births& births) {
  const double per_hour = births.bytes / births.span_ms * kMsPerHour;
  const double n = std::max(births.effective_for_bytes, 1e-3);
  const Interval count = PoissonInterval90(n);
  return {per_hour, per_hour * count.low / n, per_hour * count.high / n};
}

}  // namespace

Judgement Judge(const SiteHistory& history, const Window& window) {
  Judgement result;
  result.never_dies = TestNeverDies(history, window);
  result.births = TestBirths(history, window, result.never_dies.cut_ms);
  result.container = FindContainer(history, window);
  const Births& births = result.births;

  result.testable = births.blocks >= kMinEffectiveBlocks || result.container.has_value();
  const double never_dies = std::pow(result.never_dies.p, 1 / births.phi);  // bursts are one observation, not many
  const bool sound = births.Spread() && births.effective >= kMinEffectiveBlocks && !result.never_dies.bounded;
  result.p = sound ? std::max(never_dies, births.p) : 1;
  if (result.container) result.p = std::min(result.p, kContainerP);

  result.trend = Classify(result, history, window, sound && result.p <= kMaxP);
  if (result.container) {
    result.growth = Rate{result.container->bytes_per_hour, result.container->low, result.container->high};
  } else if (births.blocks > 0 && never_dies <= kOldDie && !result.never_dies.bounded) {
    result.growth = RateOf(births);
  }
  return result;
}

Verdict Decide(const Judgement& judgement, double q, const Window& window) {
  const Births& births = judgement.births;
  if (!judgement.testable) return Verdict::kNone;
  if (q <= kMaxQ && judgement.p <= kMaxP) {
    const bool strict = judgement.container || (births.strict_p <= kStrictP && births.halves_hold);
    return strict && window.end_ms >= kLeakMinSeconds * 1e3 ? Verdict::kLeak : Verdict::kSuspect;
  }
  const bool grows = judgement.growth && births.Spread() && births.effective >= kMinEffectiveBlocks;
  return grows && births.gamma > kFilledCache ? Verdict::kWatch : Verdict::kNone;
}

}  // namespace leaktrack
