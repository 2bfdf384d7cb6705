// SPDX-License-Identifier: Apache-2.0
#include "libtrack/record/numeric.h"

#include <gtest/gtest.h>

#include <cmath>

namespace leaktrack::track {
namespace {

TEST(NumericTest, LogarithmAgreesWithLibm) {
  for (double x = 0x1p-60; x < 0x1p60; x *= 1.0009765) {
    ASSERT_NEAR(Ln(x), std::log(x), 1e-14 + 1e-14 * std::fabs(std::log(x))) << x;
  }
  // Near 1 the result is small, so relative accuracy counts.
  for (double d = 1e-15; d < 0.1; d *= 1.7) {
    ASSERT_NEAR(Ln(1.0 - d) / std::log(1.0 - d), 1.0, 1e-12) << d;
  }
  EXPECT_EQ(Ln(1.0), 0.0);
}

TEST(NumericTest, OneMinusExpAgreesWithExpm1AtAllScales) {
  for (double x = 1e-18; x < 1000; x *= 1.0007)
    ASSERT_NEAR(OneMinusExp(x) / -std::expm1(-x), 1.0, 1e-13) << x;
  EXPECT_EQ(OneMinusExp(0.0), 0.0);
  EXPECT_EQ(OneMinusExp(1e9), 1.0);
}

TEST(NumericTest, WeightOfIntervalOneIsExact) {
  const Weight weight = WeightOf(12'345, 1);
  EXPECT_EQ(weight.objects, 1.0);
  EXPECT_EQ(weight.bytes, 12'345.0);
  EXPECT_EQ(weight.bytes_squared, 12'345.0 * 12'345.0);
  EXPECT_EQ(weight.variance, 0.0);
}

TEST(NumericTest, WeightOfASmallBlockIsAboutTheInterval) {
  EXPECT_NEAR(WeightOf(16, 1 << 20).bytes, (1 << 20) + 8, 1);
  EXPECT_NEAR(WeightOf(1 << 20, 16).bytes, 1 << 20, 1e-6);
  EXPECT_EQ(WeightOf(0, 1024).objects, 0.0);
}

TEST(NumericTest, VarianceIsTheUnbiasedPlugIn) {
  const double p = -std::expm1(-0.5);
  EXPECT_NEAR(WeightOf(8192, 16384).variance, 8192.0 * 8192.0 * (1 - p) / (p * p), 1e-4);
}

}  // namespace
}  // namespace leaktrack::track
