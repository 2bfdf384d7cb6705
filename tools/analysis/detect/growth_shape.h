// SPDX-License-Identifier: Apache-2.0
//
// What shape the growth has: steady, ever faster, exponential, ever slower, or steady since a
// moment.
//
// What: models of the birth rate of survivors over u in [0, 1], compared by BIC (likelihood given
// the number of births, divided by their dispersion):
//   constant      f = 1                                    linear growth
//   exponential   f = g e^(g u) / (e^g - 1)                 exponential growth, or slowing down
//                                                           where g < 0
//   power         f = (p + 1) u^p                           ever faster, but not by doubling
//   change point  f = a / c before c, (1 - a) / (1 - c)     growth that began late
// Why not from the curve of live bytes: see never_dies.h.
// Limits: an exponential of less than three doublings looks like any other acceleration and is
// called that.
#ifndef LEAKTRACK_TOOLS_ANALYSIS_DETECT_GROWTH_SHAPE_H_
#define LEAKTRACK_TOOLS_ANALYSIS_DETECT_GROWTH_SHAPE_H_

#include <vector>

#include "tools/analysis/detect/births.h"
#include "tools/analysis/model/result.h"

namespace leaktrack {

struct GrowthShape {
  Trend trend = Trend::kLinear;       // linear, accelerating, exponential, decelerating or plateau
  double onset = 0;                   // above 0: where growth began, in u
  double gamma = 0, gamma_error = 0;  // of the part since `onset`
};

// `tested` is TestBirths(births).
GrowthShape ShapeOf(const std::vector<Birth>& births, const Births& tested);

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_ANALYSIS_DETECT_GROWTH_SHAPE_H_
