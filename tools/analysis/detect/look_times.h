// SPDX-License-Identifier: Apache-2.0
//
// The moments at which a run that goes on is judged.
//
// What: every twentieth of the age, every minute at most. Why not the moment of the report: two
// people who ask a second apart would see two answers, and one of them a leak. What is alive is
// told as of now; what it is called, as of the last of these moments.
#ifndef LEAKTRACK_TOOLS_ANALYSIS_DETECT_LOOK_TIMES_H_
#define LEAKTRACK_TOOLS_ANALYSIS_DETECT_LOOK_TIMES_H_

#include <algorithm>
#include <cmath>
#include <vector>

namespace leaktrack {

inline constexpr double kFirstLookMs = 10e3, kMostApartMs = 60e3;
inline constexpr double kLookStep = 1.05, kAnchorStep = 1.1;
inline constexpr int kAnchors = 2;

// The last power of `step`, from the first look on, that is not after `now_ms`.
inline double PowerBefore(double step, double now_ms) {
  const double steps = std::floor(std::log(now_ms / kFirstLookMs) / std::log(step) + 1e-9);
  return kFirstLookMs * std::pow(step, steps);
}

// `now_ms` itself, if that is before the first.
inline double LastLookMs(double now_ms) {
  if (now_ms <= kFirstLookMs) return now_ms;
  const double even = kMostApartMs / (kLookStep - 1);  // from this age on, one a minute
  if (now_ms < even) return std::floor(PowerBefore(kLookStep, now_ms));
  return std::max(std::floor(PowerBefore(kLookStep, even)),
                  std::floor(now_ms / kMostApartMs) * kMostApartMs);
}

// Earlier looks that a verdict is held by, the last first: far enough apart to differ.
inline std::vector<double> AnchorsMs(double look_ms) {
  std::vector<double> anchors;
  double at = look_ms / (1 + (kAnchorStep - 1) / 4);
  for (int i = 0; i < kAnchors && at > kFirstLookMs; ++i, at /= kAnchorStep)
    anchors.push_back(PowerBefore(kAnchorStep, at));
  return anchors;
}

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_ANALYSIS_DETECT_LOOK_TIMES_H_
