// SPDX-License-Identifier: Apache-2.0
#include "tools/analysis/detect/signs.h"

#include <algorithm>
#include <cmath>

namespace leaktrack {
namespace {

// A program that has counted so much work is as settled as one of this age.
constexpr double kAgeOfMuchWork = 8 * 3600;

double SurvivorsShare(const SiteHistory& history, const Judgement& judgement, const Look& look) {
  const double cut_ms = judgement.never_dies.clean_cut_ms;
  const double ever =
      history.BornAt(look.window.end_ms - cut_ms) - history.BornAt(look.window.warm_up_ms);
  const double alive = SumBirths(history, look.window, cut_ms).bytes;
  return ever > alive ? alive / ever : 1;
}

}  // namespace

LeakSigns SignsOf(const SiteHistory& history, const Judgement& judgement, const Look& look) {
  const Births& births = judgement.births;
  LeakSigns signs;
  signs.age_seconds = look.window.end_ms / 1e3;
  if (look.enough_work) signs.age_seconds = std::max(signs.age_seconds, kAgeOfMuchWork);
  signs.blocks = births.effective;
  signs.dispersion = births.phi;
  signs.gamma = births.gamma;
  signs.gamma_error = births.blocks > 0 ? births.gamma_error : 1;
  signs.never_dies_p = std::pow(judgement.never_dies.p, 1 / births.phi);
  signs.births_p = births.p;
  signs.strict_p = births.strict_p;
  signs.survivors_share = SurvivorsShare(history, judgement, look);
  const double deaths = judgement.never_dies.deaths;
  signs.old_deaths_share = deaths > 0 ? deaths / (deaths + judgement.wall.blocks) : 0;
  if (judgement.channel == Channel::kContainer) signs.container_steps = judgement.container->steps;
  if (judgement.channel == Channel::kSteps) signs.equal_steps = judgement.steps->count;
  if (judgement.channel == Channel::kBacklog) signs.backlog_p = judgement.backlog->p;
  signs.sound = births.Sound();
  signs.bounded = judgement.never_dies.bounded();
  signs.halves_hold = births.halves_hold;
  signs.by_work = judgement.by_work;
  return signs;
}

}  // namespace leaktrack
