// SPDX-License-Identifier: Apache-2.0
#include "tools/live/model/curve.h"

#include <algorithm>

#include "gtest/gtest.h"

namespace leaktrack::live {
namespace {

TEST(CurveTest, StaysSmallKeepsItsFirstHourAndItsTroughs) {
  Curve curve;
  for (int t = 0; t < 100'000; ++t) curve.Add(t, t == 40'000 ? 5 : 1000 + t % 7);
  const auto points = curve.points();
  EXPECT_LE(points.size(), Curve::kMostPoints);
  EXPECT_LT(points.front().seconds, 3600);
  EXPECT_EQ(points.back().seconds, 99'999);
  EXPECT_TRUE(std::ranges::any_of(points, [](const Point& point) { return point.bytes == 5; }));
  EXPECT_TRUE(std::ranges::is_sorted(points, {}, &Point::seconds));
}

TEST(CurveTest, TimeThatStandsStillOrGoesBackAddsNothing) {
  Curve curve;
  curve.Add(10, 1);
  curve.Add(10, 2);
  curve.Add(5, 3);
  EXPECT_EQ(curve.points().size(), 1U);
}

}  // namespace
}  // namespace leaktrack::live
