// SPDX-License-Identifier: Apache-2.0
//
// Whether a curve of memory grows for good, how fast, and how sure that is.
//
// What: the curve is cut into blocks of equal length; each gives its trough. The rate is the
// Theil-Sen slope of the troughs, with the wider of two 90 % intervals: Sen's, and Student's of the
// steps between blocks. Why both: Sen takes readings for independent, while memory wanders; the
// steps of something that wanders vary as much as they do. One step, or two, is no growth. To be
// called growth, the rate must be above nothing at 99.5 %, not only at 90.
// A rise is not a leak, so each of these has a name of its own:
//   startup    the process is young
//   slowing    its second half grows clearly less than the first
//   returning  it has been as high before: a sawtooth, a dropped cache
// Promises: pure; a curve that is too short is kTooShort, not steady.
// Limits: what rises for the whole time watched, and will turn later, looks like growth. So a
// growth is trusted for as long as it has been seen: `trusted_seconds` ahead, and no further.
#ifndef LEAKTRACK_TOOLS_LIVE_MODEL_GROWTH_H_
#define LEAKTRACK_TOOLS_LIVE_MODEL_GROWTH_H_

#include <cstdint>
#include <optional>
#include <span>

#include "tools/analysis/model/result.h"

namespace leaktrack::live {

struct Point {
  double seconds = 0;
  double bytes = 0;
};

enum class Shape : uint8_t { kTooShort, kSteady, kGrows, kStartup, kSlowing, kReturning, kFalls };

struct Growth {
  Shape shape = Shape::kTooShort;
  std::optional<Rate> rate;    // bytes per hour; empty: too short
  double watched_seconds = 0;  // the window that it was found in
  double trusted_seconds = 0;  // as far ahead as it may be relied on: as long as it has gone on
};

// What is known of a curve beside its points.
struct CurveFacts {
  double age_seconds = 1e9;  // of the process at the last point
  double peak_bytes = 0;     // the highest trough before the points begin; 0: none is known
};

// Of one window.
Growth JudgeWindow(std::span<const Point> points, const CurveFacts& facts);

// Of all that was watched: the longest window in which it grows, else what the shortest says.
Growth JudgeGrowth(std::span<const Point> points, const CurveFacts& facts);

}  // namespace leaktrack::live

#endif  // LEAKTRACK_TOOLS_LIVE_MODEL_GROWTH_H_
