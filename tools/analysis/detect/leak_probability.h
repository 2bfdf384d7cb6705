// SPDX-License-Identifier: Apache-2.0
//
// How probable it is that a site leaks: of the sites called 70 %, 70 in 100 do.
//
// What: logistic regression. The log of the odds is a sum of terms, each a measurement of the site
// (model/leak_signs.h) times a coefficient; one sum for each way to grow, since births that go on
// are told by other signs than a vector or a queue. A broken line then mends what the sums get
// wrong, and the prior is added. Coefficients are fitted on simulated programs whose truth is known
// (leak_probability_model.inc, bench/verdicts/README.md).
// Why not the p-values themselves: they say how sure growth is. A cache that fills grows as surely
// as a leak does, and a program that starts is full of such sites. What tells them apart, as far as
// anything does, is how long it has gone on, the shape, and whether most blocks die. How many other
// sites grow says nothing here: in the populations it tells the leaky program as well as the young.
// The prior is stated: how many sites leak for each that does not, before anything was measured.
// Promises: between 0 and 1; the same signs give the same number. A program that has not settled
// has no suspects by growth alone, whatever the sum. Limits: what the populations do not hold, the
// model does not know.
#ifndef LEAKTRACK_TOOLS_ANALYSIS_DETECT_LEAK_PROBABILITY_H_
#define LEAKTRACK_TOOLS_ANALYSIS_DETECT_LEAK_PROBABILITY_H_

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "tools/analysis/model/leak_signs.h"
#include "tools/analysis/model/options.h"

namespace leaktrack {

inline constexpr double kSuspectFrom = .8, kLeakFrom = .99;

// Leaking sites for each healthy one. A program is watched because it grows; one that a test runs
// is as likely to be healthy as the last change was.
inline constexpr double kOddsWatched = 1.0 / 6, kOddsOfTest = 1.0 / 80;

// Before this age what fills cannot be told from what leaks.
inline constexpr double kSettledSeconds = 180;

// How a site grows: births of blocks that live on, more than chance explains; one block that grows;
// a queue; none of these, or not for sure.
enum class Growing : uint8_t { kForSure, kContainer, kBacklog, kOpen };
inline constexpr size_t kWaysToGrow = 4;
Growing WayOf(const LeakSigns& signs);

struct LeakTerm {
  std::string_view name;
  double (*of)(const LeakSigns& signs);
};
inline constexpr size_t kMostTerms = 22;
std::span<const LeakTerm> TermsOf(Growing way);

// The broken line: slopes of the log odds themselves, and of what they exceed each knot by.
inline constexpr std::array<double, 4> kKnots = {-3, -1.5, 0, 1.5};
inline constexpr size_t kLineTerms = 2 + kKnots.size();
std::array<double, kLineTerms> LineTerms(double log_odds);

struct LeakModel {
  double odds = 1;  // in the population that it was fitted on
  std::array<std::array<double, kMostTerms>, kWaysToGrow> coefficients{};
  std::array<double, kLineTerms> line{0, 1};
};
extern const LeakModel kFittedModel;

double LeakProbability(const LeakSigns& signs, Prior prior = Prior::kWatched,
                       const LeakModel& model = kFittedModel);

// The same site later, if it goes on as it did so far.
LeakSigns GoneOn(const LeakSigns& signs, double age_seconds);

// The age at which its probability passes the next bound, if it goes on. Empty: not within a month.
std::optional<double> DecidedBySeconds(const LeakSigns& signs, Prior prior = Prior::kWatched);

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_ANALYSIS_DETECT_LEAK_PROBABILITY_H_
