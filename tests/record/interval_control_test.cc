// SPDX-License-Identifier: Apache-2.0
#include "libtrack/record/interval_control.h"

#include <gtest/gtest.h>

#include "tests/record/test_image.h"

namespace leaktrack::track {
namespace {

struct Control : IntervalControl {
  explicit Control(uint64_t configured = 0) { Bind(&image.header(), configured, 32'768); }
  void Burst(uint32_t samples, uint64_t now_ms) {
    for (uint32_t i = 0; i < samples; ++i) NoteSample(now_ms);
  }
  uint64_t bytes() const { return BytesOf(index()); }
  TestImage image;
};

TEST(IntervalControlTest, StartsAt16KiBAndNamesItsIntervalsInTheHeader) {
  Control control;
  EXPECT_EQ(control.bytes(), 16u * 1024);
  EXPECT_EQ(control.image.header().interval_bytes[0], 1u);
  EXPECT_EQ(control.image.header().interval_bytes[2], 32u * 1024);
  EXPECT_EQ(control.image.header().interval_bytes_now, 16u * 1024);
}

TEST(IntervalControlTest, TheSampleThatUsesTheTickUpDoublesTheInterval) {
  Control control;
  control.Burst(kSamplesPerTick - 1, 50);
  EXPECT_EQ(control.bytes(), kBaseInterval);
  control.Burst(1, 50);
  EXPECT_EQ(control.bytes(), 2 * kBaseInterval);
  control.Burst(2 * kSamplesPerTick, 60);
  EXPECT_EQ(control.bytes(), 8 * kBaseInterval);
  EXPECT_EQ(control.image.header().interval_bytes_max, 8 * kBaseInterval);
}

TEST(IntervalControlTest, EachTickHasABudgetOfItsOwn) {
  Control control;
  for (uint64_t tick = 0; tick < 500; ++tick) control.Burst(kSamplesPerTick - 1, tick * kTickMs);
  EXPECT_EQ(control.bytes(), kBaseInterval);
}

TEST(IntervalControlTest, ComesDownAgainAfterABurst) {
  Control control;
  control.Burst(3 * kSamplesPerTick, 50);
  ASSERT_EQ(control.bytes(), 8 * kBaseInterval);
  uint64_t now = 100;
  for (; now < 9'000; now += 100) control.Burst(10, now);
  EXPECT_EQ(control.bytes(), 8 * kBaseInterval);
  for (; now < 11'000; now += 100) control.Burst(10, now);
  EXPECT_EQ(control.bytes(), 4 * kBaseInterval);
  for (; now < 90'000; now += 100) control.Burst(10, now);
  EXPECT_EQ(control.bytes(), kBaseInterval);
}

TEST(IntervalControlTest, ABusyTickKeepsTheIntervalUp) {
  Control control;
  control.Burst(kSamplesPerTick, 50);
  for (uint64_t now = 100; now < 60'000; now += 100)
    control.Burst(now % 9'000 == 0 ? kSamplesPerTick / 4 : 1, now);
  EXPECT_EQ(control.bytes(), 2 * kBaseInterval);
}

TEST(IntervalControlTest, ALongSilenceCountsAsCalm) {
  Control control;
  control.Burst(3 * kSamplesPerTick, 50);
  control.NoteSample(1'000'000);
  EXPECT_EQ(control.bytes(), kBaseInterval);
}

TEST(IntervalControlTest, TheLargerOfTheTwoIntervalsCounts) {
  Control control;
  control.RaiseLiveTo(3, 0);
  EXPECT_EQ(control.bytes(), 4 * kBaseInterval);
  control.Burst(kSamplesPerTick, 50);
  EXPECT_EQ(control.bytes(), 8 * kBaseInterval);
  control.NoteSample(20'000);
  EXPECT_EQ(control.bytes(), 4 * kBaseInterval);
}

TEST(IntervalControlTest, TheLiveIntervalComesDownOnlyAfterALongTimeOfRoom) {
  Control control;
  control.RaiseLiveTo(3, 0);
  control.image.header().live_count = 8'192;
  for (uint64_t now = 0; now < 300'000; now += 1'000) control.NoteSample(now);
  EXPECT_EQ(control.bytes(), 4 * kBaseInterval);
  control.image.header().live_count = 8'191;
  for (uint64_t now = 300'000; now < 355'000; now += 1'000) control.NoteSample(now);
  EXPECT_EQ(control.bytes(), 4 * kBaseInterval);
  for (uint64_t now = 355'000; now < 365'000; now += 1'000) control.NoteSample(now);
  EXPECT_EQ(control.bytes(), 2 * kBaseInterval);
}

TEST(IntervalControlTest, AFixedIntervalIgnoresTheRate) {
  Control control(1'000);
  control.Burst(10 * kSamplesPerTick, 50);
  EXPECT_EQ(control.bytes(), 1'000u);
}

TEST(IntervalControlTest, CrowdedAtThreeQuarters) {
  Control control;
  EXPECT_FALSE(control.Crowded(24'575));
  EXPECT_TRUE(control.Crowded(24'576));
}

TEST(IntervalControlTest, ExactBlocksDoNotCrowdTheSamplesThatFollow) {
  Control control(1);
  EXPECT_TRUE(control.exact());
  EXPECT_FALSE(control.Crowded(1'000'000'000));
  control.LeaveExact(100, 1'000'000);
  EXPECT_EQ(control.bytes(), kBaseInterval);
  EXPECT_FALSE(control.Crowded(1'024'575));
  EXPECT_TRUE(control.Crowded(1'024'576));
}

TEST(IntervalControlTest, AClockThatStepsBackIsTheSameTick) {
  Control control;
  control.Burst(1, 5'000);
  control.Burst(kSamplesPerTick - 1, 4'000);
  EXPECT_EQ(control.bytes(), 2 * kBaseInterval);
}

}  // namespace
}  // namespace leaktrack::track
