// SPDX-License-Identifier: Apache-2.0
#include "tools/analysis/detect/judge.h"

#include <algorithm>
#include <cmath>

#include "tools/analysis/detect/leak_probability.h"

namespace leaktrack {
namespace {

constexpr double kMinTested = 12;  // fewer cannot pass, and each test costs the others power
constexpr double kContradicts =
    -1;  // births that fall by more than e^-1 by the wall are no certain leak by work

// By both clocks; the wall's stays in `wall`.
void TestByClocks(const SiteHistory& history, const Look& look, Judgement& result) {
  const double cut = result.never_dies.cut_ms;
  result.wall = TestBirths(BirthPlaces(history, look.window, cut, nullptr));
  result.births = result.wall;
  if (look.work == nullptr || result.wall.blocks < kMinEffectiveBlocks) return;
  const Births work = TestBirths(BirthPlaces(history, look.window, cut, look.work));
  const auto worth = [](const Births& births) { return births.Sound() ? births.p : 2.0; };
  if (worth(work) < worth(result.wall)) {
    result.births = work;
    result.by_work = true;
  }
  result.births.p = std::min(1.0, 2 * result.births.p);
  result.births.strict_p = std::min(1.0, 2 * result.births.strict_p);
}

double ImmortalsP(const Judgement& result) {
  const Births& births = result.births;
  if (!births.Sound() || result.never_dies.bounded()) return 1;
  // Bursts are one observation, not many.
  return std::max(std::pow(result.never_dies.p, 1 / births.phi), births.p);
}

bool IsStrict(const Judgement& result) {
  if (result.channel == Channel::kSteps) return false;  // a cache may take batches
  if (result.channel == Channel::kContainer) return result.container->arena_ratio == 0;
  if (result.channel != Channel::kImmortals) return true;
  const Births& births = result.births;
  if (births.strict_p > kStrictP || !births.halves_hold) return false;
  return !result.by_work || result.wall.gamma + 2 * result.wall.gamma_error > kContradicts;
}

bool HasOldSurvivors(const SiteHistory& history, const Window& window) {
  const double latest = window.end_ms * (1 - 1.0 / 64);
  const auto old = std::count_if(
      history.survivors.begin(), history.survivors.end(), [&](const WeightedBlock& block) {
        return block.birth_ms >= window.warm_up_ms && block.birth_ms <= latest;
      });
  return old >= kMinTested;
}

}  // namespace

Judgement Test(const SiteHistory& history, const Look& look) {
  Judgement result;
  result.container = FindContainer(history, look.window);
  const bool enough = HasOldSurvivors(history, look.window);
  result.never_dies = TestNeverDies(history, look.window);
  TestByClocks(history, look, result);
  result.testable = enough || result.container.has_value();
  result.p = ImmortalsP(result);
  result.channel = result.p < 1 ? Channel::kImmortals : Channel::kNone;
  if (enough && result.p > kMaxP) result.backlog = FindBacklog(history, look.window);
  if (result.backlog && result.backlog->p < result.p) {
    result.p = result.backlog->p;
    result.channel = Channel::kBacklog;
  }
  if (result.container && kContainerP < result.p) {
    result.p = kContainerP;
    result.channel = Channel::kContainer;
  }
  if (result.p > kMaxP) result.steps = FindSteps(history, look.window);
  if (result.steps && kStepsP < result.p) {
    result.testable = true;
    result.p = kStepsP;
    result.channel = Channel::kSteps;
  }
  result.strict = IsStrict(result);
  return result;
}

Judgement Judge(const SiteHistory& history, const Look& look) {
  Judgement result = Test(history, look);
  Describe(history, look, result);
  return result;
}

bool IsSignificant(const Judgement& judgement, double q) {
  return judgement.testable && q <= kMaxQ && judgement.p <= kMaxP;
}

Verdict Decide(const Judgement& judgement, bool significant, double probability) {
  if (!judgement.testable) return Verdict::kNone;
  const bool telling =
      judgement.trend != Trend::kPlateau && judgement.trend != Trend::kInsufficient;
  const bool grows = significant || (judgement.growth && judgement.wall.Sound() && telling);
  if (!grows) return Verdict::kNone;
  if (probability >= kLeakFrom) return Verdict::kLeak;
  return probability >= kSuspectFrom ? Verdict::kSuspect : Verdict::kWatch;
}

}  // namespace leaktrack
