// SPDX-License-Identifier: Apache-2.0
//
// The stretch of a run that is judged.
//
// Births in the warm-up are nobody's leak: a program that starts keeps what it builds. The warm-up
// is 5 % of the run, at least a second (a quarter of very short runs).
#ifndef LEAKTRACK_TOOLS_ANALYSIS_MODEL_WINDOW_H_
#define LEAKTRACK_TOOLS_ANALYSIS_MODEL_WINDOW_H_

#include <algorithm>
#include <cstdint>

namespace leaktrack {

inline constexpr double kMsPerHour = 3600e3;
inline constexpr double kShortestRunSeconds = 10;  // below, everything is start-up

struct Window {
  double end_ms = 0;      // W: the run is [0, W]
  double warm_up_ms = 0;  // births before this are not evidence of growth

  static Window Of(uint64_t duration_ms) {
    const double end = static_cast<double>(duration_ms);
    return {end, std::max(0.05 * end, std::min(1000.0, end / 4))};
  }
};

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_ANALYSIS_MODEL_WINDOW_H_
