// SPDX-License-Identifier: Apache-2.0
//
// The past of one figure, in bounded memory: fine at the end, coarser the longer ago.
//
// Promises: at most kMostPoints; of points that are joined the lower stays, with its own time, so
// that troughs survive. A gap is only a gap: nothing is made up in it.
#ifndef LEAKTRACK_TOOLS_LIVE_MODEL_CURVE_H_
#define LEAKTRACK_TOOLS_LIVE_MODEL_CURVE_H_

#include <cstddef>
#include <span>
#include <vector>

#include "tools/live/model/growth.h"

namespace leaktrack::live {

class Curve {
 public:
  static constexpr size_t kMostPoints = 192;

  void Add(double seconds, double bytes);
  void Clear() { points_.clear(); }
  std::span<const Point> points() const { return points_; }
  bool empty() const { return points_.empty(); }

 private:
  std::vector<Point> points_;
};

}  // namespace leaktrack::live

#endif  // LEAKTRACK_TOOLS_LIVE_MODEL_CURVE_H_
