// SPDX-License-Identifier: Apache-2.0
#include "tools/analysis/detect/leak_probability.h"

#include <algorithm>
#include <cmath>

#include "tools/analysis/model/stats.h"

namespace leaktrack {

constexpr LeakModel kFittedModel = {
#include "tools/analysis/detect/leak_probability_model.inc"
};

namespace {

constexpr double kHour = 3600, kWeek = 7 * 86400.0, kMonth = 30 * 86400.0;  // seconds
constexpr double kLookFurther = 1.05;
constexpr double kSureP = .005;
// A rule, not fitted: no simulated program reloads. A cache that takes equal batches looks the
// same.
constexpr double kOfEqualSteps = .8;
constexpr double kNotSettled = .75;  // the most that growth alone is worth before

// Minus the decimal logarithm of a p-value, at most `most`.
double Nines(double p, double most) { return std::min(most, -std::log10(std::max(p, 1e-30))); }

using S = LeakSigns;
double One(const S&) { return 1; }
double Age(const S& s) { return std::log(std::clamp(s.age_seconds, 10.0, kWeek) / kHour); }
double Blocks(const S& s) { return std::log(std::clamp(s.blocks, 1.0, 500.0) / 40); }
double Fall(const S& s) { return std::clamp(-s.gamma, 0.0, 3.0); }
double FallInErrors(const S& s) { return std::clamp(-s.gamma / s.gamma_error, 0.0, 5.0); }
double Bursts(const S& s) { return std::log(std::clamp(s.dispersion, 1.0, 20.0)); }
double Dead(const S& s) { return -std::log(std::clamp(s.survivors_share, .01, 1.0)); }
double OldDeaths(const S& s) { return std::sqrt(s.old_deaths_share); }
double Strict(const S& s) { return Nines(s.strict_p, 5); }

constexpr LeakTerm kForSureTerms[] = {
    {"one", One},
    {"age", Age},
    {"age above an hour", [](const S& s) { return std::max(0.0, Age(s)); }},
    {"blocks", Blocks},
    {"few blocks", [](const S& s) { return std::min(0.0, Blocks(s)); }},
    {"never die", [](const S& s) { return Nines(s.never_dies_p, 5); }},
    {"births", [](const S& s) { return Nines(s.births_p, 8); }},
    {"births, strict", Strict},
    {"births, strict, by age", [](const S& s) { return Strict(s) * Age(s); }},
    {"fall", Fall},
    {"fall by age", [](const S& s) { return Fall(s) * Age(s); }},
    {"sure fall", FallInErrors},
    {"sure fall by age", [](const S& s) { return FallInErrors(s) * Age(s); }},
    {"rise", [](const S& s) { return std::clamp(s.gamma, 0.0, 2.0); }},
    {"late", [](const S& s) { return std::clamp(s.gamma - 2, 0.0, 4.0); }},
    {"bursts", Bursts},
    {"both halves", [](const S& s) { return s.halves_hold ? 1.0 : 0.0; }},
    {"some dead", [](const S& s) { return std::min(Dead(s), 1.0); }},
    {"most dead", [](const S& s) { return std::max(Dead(s) - 1, 0.0); }},
    {"some dead by age", [](const S& s) { return std::min(Dead(s), 1.0) * Age(s); }},
    {"old deaths", OldDeaths},
    {"by work", [](const S& s) { return s.by_work ? 1.0 : 0.0; }},
};

constexpr LeakTerm kContainerTerms[] = {
    {"one", One},
    {"age", Age},
    {"steps", [](const S& s) { return std::min(s.container_steps, 10.0); }},
};

constexpr LeakTerm kBacklogTerms[] = {
    {"one", One},
    {"age", Age},
    {"later and later", [](const S& s) { return Nines(s.backlog_p, 8); }},
};

constexpr LeakTerm kOpenTerms[] = {
    {"one", One},
    {"age", Age},
    {"blocks", Blocks},
    {"never die", [](const S& s) { return Nines(s.never_dies_p, 3); }},
    {"births", [](const S& s) { return Nines(s.births_p, 3); }},
    {"never die and births",
     [](const S& s) { return Nines(s.never_dies_p, 3) * Nines(s.births_p, 3); }},
    {"fall", [](const S& s) { return std::clamp(-s.gamma, 0.0, 4.0); }},
    {"rise", [](const S& s) { return std::clamp(s.gamma, 0.0, 4.0); }},
    {"bursts", Bursts},
    {"spread", [](const S& s) { return s.sound ? 1.0 : 0.0; }},
    {"die at one age", [](const S& s) { return s.bounded ? 1.0 : 0.0; }},
    {"dead", [](const S& s) { return std::min(Dead(s), 3.0); }},
    {"old deaths", OldDeaths},
};

double LogOdds(const LeakSigns& signs, const LeakModel& model) {
  const Growing way = WayOf(signs);
  const std::span<const LeakTerm> terms = TermsOf(way);
  double sum = 0;
  for (size_t i = 0; i < terms.size(); ++i)
    sum += model.coefficients[static_cast<size_t>(way)][i] * terms[i].of(signs);
  double mended = 0;
  const std::array<double, kLineTerms> line = LineTerms(sum);
  for (size_t i = 0; i < line.size(); ++i) mended += model.line[i] * line[i];
  return mended;
}

}  // namespace

Growing WayOf(const LeakSigns& signs) {
  if (signs.container_steps > 0) return Growing::kContainer;
  if (signs.backlog_p < 1) return Growing::kBacklog;
  const bool sure = std::max(signs.never_dies_p, signs.births_p) <= kSureP;
  return sure && signs.sound && !signs.bounded ? Growing::kForSure : Growing::kOpen;
}

std::span<const LeakTerm> TermsOf(Growing way) {
  static_assert(std::size(kForSureTerms) <= kMostTerms && std::size(kOpenTerms) <= kMostTerms);
  switch (way) {
    case Growing::kForSure:
      return kForSureTerms;
    case Growing::kContainer:
      return kContainerTerms;
    case Growing::kBacklog:
      return kBacklogTerms;
    case Growing::kOpen:
      break;
  }
  return kOpenTerms;
}

std::array<double, kLineTerms> LineTerms(double log_odds) {
  std::array<double, kLineTerms> terms{1, log_odds};
  for (size_t i = 0; i < kKnots.size(); ++i) terms[2 + i] = std::max(0.0, log_odds - kKnots[i]);
  return terms;
}

double LeakProbability(const LeakSigns& signs, Prior prior, const LeakModel& model) {
  if (signs.equal_steps > 0) return kOfEqualSteps;
  const double odds = prior == Prior::kWatched ? kOddsWatched : kOddsOfTest;
  const double log_odds = LogOdds(signs, model) + std::log(odds / model.odds);
  const double probability = 1 / (1 + std::exp(-log_odds));
  return signs.age_seconds < kSettledSeconds ? std::min(probability, kNotSettled) : probability;
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
  const double bound = LeakProbability(signs, prior) < kSuspectFrom ? kSuspectFrom : kLeakFrom;
  for (double age = signs.age_seconds; age < kMonth && age > 0; age *= kLookFurther) {
    if (LeakProbability(GoneOn(signs, age), prior) >= bound) return age;
  }
  return std::nullopt;
}

}  // namespace leaktrack
