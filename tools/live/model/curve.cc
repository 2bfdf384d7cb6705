// SPDX-License-Identifier: Apache-2.0
#include "tools/live/model/curve.h"

#include <cstddef>

namespace leaktrack::live {

void Curve::Add(double seconds, double bytes) {
  if (!points_.empty() && seconds <= points_.back().seconds) return;
  points_.push_back({seconds, bytes});
  if (points_.size() <= kMostPoints) return;
  // The older three quarters are joined in pairs; but the first stays, from which all began.
  constexpr size_t kJoined = kMostPoints / 4 * 3 + 1;
  size_t kept = 1;
  for (size_t i = 1; i < kJoined; i += 2)
    points_[kept++] = points_[i].bytes <= points_[i + 1].bytes ? points_[i] : points_[i + 1];
  points_.erase(points_.begin() + static_cast<ptrdiff_t>(kept),
                points_.begin() + static_cast<ptrdiff_t>(kJoined));
}

}  // namespace leaktrack::live
