// SPDX-License-Identifier: Apache-2.0
//
// How probable it is that a site leaks: of the sites called 70 %, 70 in 100 do.
//
// What: logistic regression. The log of the odds is a sum of terms, each a measurement of the site
// (model/leak_signs.h) times a coefficient, and of a prior. Coefficients are fitted on simulated
// programs whose truth is known (leak_probability_model.inc, bench/verdicts/README.md).
// Why not the p-values themselves: they say how sure growth is. A cache that fills grows as surely
// as a leak does, and a program that starts is full of such sites. What tells them apart, as far as
// anything does, is how old the process is, how many of its functions grow at once, and the shape.
// The prior is stated: how many sites leak for each that does not, before anything was measured.
// Promises: between 0 and 1; the same signs give the same number. Limits: what the populations do
// not hold, the model does not know.
#ifndef LEAKTRACK_TOOLS_ANALYSIS_DETECT_LEAK_PROBABILITY_H_
#define LEAKTRACK_TOOLS_ANALYSIS_DETECT_LEAK_PROBABILITY_H_

#include <array>
#include <optional>
#include <string_view>

#include "tools/analysis/model/leak_signs.h"
#include "tools/analysis/model/options.h"

namespace leaktrack {

inline constexpr double kSuspectFrom = .8, kLeakFrom = .99;

// Leaking sites for each healthy one. A program is watched because it grows; one that a test runs
// is as likely to be healthy as the last change was.
inline constexpr double kOddsWatched = 1.0 / 15, kOddsOfTest = 1.0 / 80;

// The terms of the sum, in the order of the coefficients.
struct LeakTerm {
  std::string_view name;
  double (*of)(const LeakSigns& signs);
};
inline constexpr size_t kLeakTerms = 24;
extern const std::array<LeakTerm, kLeakTerms> kLeakTermTable;

double LeakProbability(const LeakSigns& signs, Prior prior = Prior::kWatched);

// The same site later, if it goes on as it did so far.
LeakSigns GoneOn(const LeakSigns& signs, double age_seconds);

// The age at which its probability passes the next bound, if it goes on. Empty: not within a month.
std::optional<double> DecidedBySeconds(const LeakSigns& signs, Prior prior = Prior::kWatched);

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_ANALYSIS_DETECT_LEAK_PROBABILITY_H_
