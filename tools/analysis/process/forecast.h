// SPDX-License-Identifier: Apache-2.0
//
// When the memory limit is reached, if what grows goes on as it did.
//
// What: 2,000 seeded draws. In each, every growing site gets a rate from the gamma law of its block
// count and a slope from the normal law of its fit, and what a live byte costs varies by 2 %; the
// moment at which their sum has eaten the headroom is one draw of the time left.
//   linear            H = k r t
//   accelerating      H = k r (e^(g t) - 1) / g, for as long as that was seen; then steady
// Why draws: the forms do not add up in closed form, and an interval from errors alone cannot say
// "never".
// Promises: same input, same answer. The interval is 80 % (one draw in ten is sooner, one in ten
// later).
// Limits: it extrapolates. A site whose growth is not significant is not in it; a change of load is
// not foreseen.
//   decelerating      the same with g < 0: at most k r / |g| ever comes, so the draw may say
//                     "never"
#ifndef LEAKTRACK_TOOLS_ANALYSIS_PROCESS_FORECAST_H_
#define LEAKTRACK_TOOLS_ANALYSIS_PROCESS_FORECAST_H_

#include <cstddef>
#include <optional>
#include <vector>

#include "tools/analysis/model/result.h"

namespace leaktrack {

class Forecast {
 public:
  // `resident_per_live`: resident bytes that one live byte costs.
  Forecast(const std::vector<GrowthModel>& growing, double headroom_bytes,
           double resident_per_live);

  // The time by which the limit is reached in that share of the draws; empty: never, in that share.
  std::optional<double> SecondsAt(double share) const;
  double ProbabilityWithin(double seconds) const;

 private:
  std::vector<double> seconds_;  // ascending; infinite: never
};

// What the same draws add in `points` equal steps up to `until_seconds`, from nothing at 0.
std::vector<FanPoint> FanOf(const std::vector<GrowthModel>& growing, double resident_per_live,
                            double until_seconds, size_t points);

// How a site goes on: its fitted model, or else a steady rate with the spread of its interval.
// Empty: it does not grow.
std::optional<GrowthModel> ModelOf(const SiteResult& site);
std::optional<GrowthModel> ModelOf(const std::optional<Rate>& growth);

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_ANALYSIS_PROCESS_FORECAST_H_
