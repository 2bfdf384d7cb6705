// SPDX-License-Identifier: Apache-2.0
#include "tools/analysis/detect/leak_probability.h"

#include <algorithm>
#include <cmath>

#include "tools/analysis/model/stats.h"

namespace leaktrack {
namespace {

constexpr double kYoung = 600;           // seconds; the unit of age
constexpr double kMonth = 30 * 86400.0;  // seconds
constexpr double kLookFurther = 1.05;

// Coefficients, and the odds in the population that they were fitted on.
struct FittedModel {
  double odds;
  std::array<double, kLeakTerms> coefficients;
};
constexpr FittedModel kModel = {
#include "tools/analysis/detect/leak_probability_model.inc"
};

// Minus the decimal logarithm of a p-value, at most `most`.
double Nines(double p, double most) { return std::min(most, -std::log10(std::max(p, 1e-30))); }

double Age(const LeakSigns& s) {
  return std::log(std::clamp(s.age_seconds, 10.0, 7 * 86400.0) / kYoung);
}
double Blocks(const LeakSigns& s) { return std::log(std::clamp(s.blocks, 1.0, 500.0) / 30); }
// Blocks that neither grow as one container nor wait in a queue.
bool Many(const LeakSigns& s) { return s.container_steps == 0 && s.backlog_p >= 1; }
double If(bool condition, double value = 1) { return condition ? value : 0; }
double Decay(const LeakSigns& s) { return std::clamp(-s.gamma, 0.0, 4.0); }

}  // namespace

const std::array<LeakTerm, kLeakTerms> kLeakTermTable = {{
    {"one", [](const LeakSigns&) { return 1.0; }},
    {"age", Age},
    {"age, old", [](const LeakSigns& s) { return std::max(0.0, Age(s)); }},
    {"age of few blocks", [](const LeakSigns& s) { return Age(s) * std::min(0.0, Blocks(s)); }},
    {"blocks", [](const LeakSigns& s) { return If(Many(s), Blocks(s)); }},
    {"few blocks", [](const LeakSigns& s) { return If(Many(s), std::min(0.0, Blocks(s))); }},
    {"never die", [](const LeakSigns& s) { return If(Many(s), Nines(s.never_dies_p, 12)); }},
    {"never die, some", [](const LeakSigns& s) { return If(Many(s), Nines(s.never_dies_p, 2.5)); }},
    {"births", [](const LeakSigns& s) { return If(Many(s), Nines(s.births_p, 10)); }},
    {"births, some", [](const LeakSigns& s) { return If(Many(s), Nines(s.births_p, 2.5)); }},
    {"births, strict", [](const LeakSigns& s) { return If(Many(s), Nines(s.strict_p, 6)); }},
    {"decay", [](const LeakSigns& s) { return If(Many(s), Decay(s)); }},
    {"decay of the old", [](const LeakSigns& s) { return If(Many(s), Decay(s) * Age(s)); }},
    {"rise", [](const LeakSigns& s) { return If(Many(s), std::clamp(s.gamma, 0.0, 4.0)); }},
    {"bursts",
     [](const LeakSigns& s) { return If(Many(s), std::log(std::min(s.dispersion, 20.0))); }},
    {"both halves", [](const LeakSigns& s) { return If(Many(s) && s.halves_hold); }},
    {"not spread", [](const LeakSigns& s) { return If(Many(s) && !s.sound); }},
    {"die at one age", [](const LeakSigns& s) { return If(Many(s) && s.bounded); }},
    {"survivors",
     [](const LeakSigns& s) {
       return If(Many(s), std::log(std::clamp(s.survivors_share, .01, 1.0)));
     }},
    {"old deaths", [](const LeakSigns& s) { return If(Many(s), std::sqrt(s.old_deaths_share)); }},
    {"functions that grow", [](const LeakSigns& s) { return std::log1p(s.growing_functions); }},
    {"sites that grow", [](const LeakSigns& s) { return s.growing_share; }},
    {"container", [](const LeakSigns& s) { return If(s.container_steps > 0); }},
    {"backlog",
     [](const LeakSigns& s) {
       return If(s.container_steps == 0, If(s.backlog_p < 1, Nines(s.backlog_p, 8)));
     }},
}};

double LeakProbability(const LeakSigns& signs, Prior prior) {
  double log_odds = std::log((prior == Prior::kWatched ? kOddsWatched : kOddsOfTest) / kModel.odds);
  for (size_t i = 0; i < kLeakTerms; ++i)
    log_odds += kModel.coefficients[i] * kLeakTermTable[i].of(signs);
  return 1 / (1 + std::exp(-log_odds));
}

LeakSigns GoneOn(const LeakSigns& signs, double age_seconds) {
  LeakSigns later = signs;
  const double more = age_seconds / signs.age_seconds;
  later.age_seconds = age_seconds;
  later.blocks = signs.blocks * more;
  later.gamma_error = signs.gamma_error / std::sqrt(more);
  // Exposure grows with the blocks, in units of the run; log p is near to minus that.
  later.never_dies_p = std::pow(signs.never_dies_p, more);
  const auto births = [&](double decay) {
    const double z = (TiltedMean(signs.gamma) - TiltedMean(-decay)) /
                     std::sqrt(TiltedVariance(-decay) / std::max(later.blocks, 1e-9));
    return std::min(1.0, (signs.by_work ? 2 : 1) * NormalUpperTail(z));
  };
  later.births_p = std::min(signs.births_p, births(2));
  later.strict_p = std::min(signs.strict_p, births(1));
  later.halves_hold |= later.strict_p < 1e-4;
  return later;
}

std::optional<double> DecidedBySeconds(const LeakSigns& signs, Prior prior) {
  const double now = LeakProbability(signs, prior);
  const double bound = now < kSuspectFrom ? kSuspectFrom : kLeakFrom;
  for (double age = signs.age_seconds; age < kMonth && age > 0; age *= kLookFurther) {
    if (LeakProbability(GoneOn(signs, age), prior) >= bound) return age;
  }
  return std::nullopt;
}

}  // namespace leaktrack
