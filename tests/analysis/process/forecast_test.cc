// SPDX-License-Identifier: Apache-2.0
#include "tools/analysis/process/forecast.h"

#include <gtest/gtest.h>

#include <cmath>

namespace leaktrack {
namespace {

constexpr double kHour = 3600;

GrowthModel Model(double per_hour, double slope = 0, double slope_error = 0, double samples = 1e6) {
  return {per_hour, slope, slope_error, samples};
}

TEST(ForecastTest, LinearGrowthTakesHeadroomOverRate) {
  const Forecast forecast({Model(100), Model(50)}, 600, 1);
  EXPECT_NEAR(*forecast.SecondsAt(.5), 4 * kHour, 60);
  EXPECT_NEAR(*Forecast({Model(100)}, 600, 1.5).SecondsAt(.5), 4 * kHour, 60)
      << "a live byte costs more than itself";
}

TEST(ForecastTest, ExponentialGrowthIsThereSooner) {
  // ln(1 + g H / r) / g
  EXPECT_NEAR(*Forecast({Model(100, .5)}, 2000, 1).SecondsAt(.5), std::log(11) / .5 * kHour, 60);
}

TEST(ForecastTest, WhatSlowsDownMayNeverGetThere) {
  const Forecast never({Model(100, -.5, .01)}, 2000, 1);  // at most 200 ever come
  EXPECT_FALSE(never.SecondsAt(.1).has_value());
  EXPECT_EQ(never.ProbabilityWithin(1e9), 0);
  const Forecast soon({Model(100, -.5, .01)}, 100, 1);
  EXPECT_NEAR(*soon.SecondsAt(.5), -std::log(.5) / .5 * kHour, 120);
  const Forecast perhaps({Model(100, -.5, .01, 30)}, 200, 1);  // at the edge
  EXPECT_TRUE(perhaps.SecondsAt(.1).has_value());
  EXPECT_FALSE(perhaps.SecondsAt(.9).has_value());
}

TEST(ForecastTest, FewSamplesMakeAWideInterval) {
  const Forecast few({Model(100, 0, 0, 10)}, 1000, 1);
  const Forecast many({Model(100, 0, 0, 1000)}, 1000, 1);
  EXPECT_GT(*few.SecondsAt(.9) - *few.SecondsAt(.1),
            5 * (*many.SecondsAt(.9) - *many.SecondsAt(.1)));
  EXPECT_NEAR(many.ProbabilityWithin(*many.SecondsAt(.5)), .5, .02);
}

TEST(ForecastTest, WithoutGrowthThereIsNothingToSayAndWithoutRoomItIsNow) {
  EXPECT_FALSE(Forecast({}, 1000, 1).SecondsAt(.5).has_value());
  EXPECT_EQ(*Forecast({Model(1)}, 0, 1).SecondsAt(.5), 0);
}

TEST(ForecastTest, TheSameInputGivesTheSameAnswer) {
  EXPECT_EQ(*Forecast({Model(100, .1, .05, 40)}, 1000, 1).SecondsAt(.5),
            *Forecast({Model(100, .1, .05, 40)}, 1000, 1).SecondsAt(.5));
}

TEST(ForecastTest, TheFanCrossesTheLimitWhenTheForecastSays) {
  const std::vector<GrowthModel> growing = {Model(100, .2, .05, 40), Model(30, 0, 0, 20)};
  const double headroom = 1500;
  const Forecast forecast(growing, headroom, 1.2);
  for (const auto& [share, bytes] : {std::pair{.1, &FanPoint::high_bytes},
                                     {.5, &FanPoint::mid_bytes},
                                     {.9, &FanPoint::low_bytes}}) {
    const std::vector<FanPoint> fan = FanOf(growing, 1.2, *forecast.SecondsAt(share), 4);
    ASSERT_EQ(fan.size(), 5u);
    EXPECT_EQ(fan.front().*bytes, 0);
    EXPECT_NEAR(fan.back().*bytes, headroom, headroom * .02) << share;
  }
}

TEST(ForecastTest, ASiteWithoutAModelGrowsSteadilyWithinItsInterval) {
  SiteResult site;
  EXPECT_FALSE(ModelOf(site).has_value());
  site.growth = Rate{100, 80, 120};
  const GrowthModel model = ModelOf(site).value();
  EXPECT_EQ(model.end_bytes_per_hour, 100);
  EXPECT_EQ(model.slope_per_hour, 0);
  const Forecast forecast({model}, 1000, 1);
  // 80 % of a 90 % interval.
  EXPECT_NEAR(*forecast.SecondsAt(.1), 1000.0 / 116 * kHour, kHour / 10);
}

// It has doubled each hour for two hours: two hours more of that, then as fast as it is then.
TEST(ForecastTest, AccelerationIsProjectedNoFurtherThanItWasSeen) {
  GrowthModel model = Model(100, std::log(2.0));
  const double in_two_hours = 100 * 3 / std::log(2.0);
  const double headroom = in_two_hours + 400 * 10;
  EXPECT_NEAR(*Forecast({model}, headroom, 1).SecondsAt(.5), 5.0 * kHour, kHour);
  model.seen_hours = 2;
  EXPECT_NEAR(*Forecast({model}, headroom, 1).SecondsAt(.5), 12 * kHour, kHour / 4);
}

}  // namespace
}  // namespace leaktrack
