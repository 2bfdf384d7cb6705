// SPDX-License-Identifier: Apache-2.0
#include "libtrack/record/sampler.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <memory>

#include "libtrack/record/numeric.h"
#include "tests/record/test_image.h"

namespace leaktrack::track {
namespace {

TEST(SamplerTest, SampledSizesFollowTheirProbability) {
  // Chi-square over 16 sizes from 8 bytes to 8 T. 16 + 4 sqrt(32) is 4 sigma above its mean.
  constexpr uint64_t kInterval = 4096;
  Process process({}, {.interval = kInterval, .seed = 7});
  double chi_square = 0;
  for (int k = 0; k < 16; ++k) {
    const auto size = static_cast<uint64_t>(8 * std::pow(2.0, 0.8 * k));
    const double p = SampleProbability(size, kInterval);
    const double trials = std::min(400'000.0, 4'000 / p);
    double hits = 0;
    Sample sample;
    for (double i = 0; i < trials; ++i)
      hits += process.tracker->Judge(process.hot, *process.state, size, 0, &sample);
    const double expected = std::ceil(trials) * p;
    if (p < 0.9999) chi_square += (hits - expected) * (hits - expected) / (expected * (1 - p));
  }
  EXPECT_LT(chi_square, 16 + 4 * std::sqrt(32.0));
  EXPECT_GT(chi_square, 1.0);  // a smaller value would mean a stepping sampler
}

TEST(SamplerTest, MeanBudgetIsTheInterval) {
  Sampler sampler{};
  sampler.Seed(1);
  double sum = 0;
  constexpr int kDraws = 200'000;
  for (int i = 0; i < kDraws; ++i) sum += static_cast<double>(sampler.Draw(16'384, 1));
  EXPECT_NEAR(sum / kDraws, 16'384.5, 4 * 16'384 / std::sqrt(kDraws));
}

TEST(SamplerTest, S7_ABlockOfATerabyteTakesOneDraw) {
  Sampler one{}, two{};
  one.Seed(5);
  two.Seed(5);
  (void)one.Draw(1 << 14, 1);
  (void)two.Draw(1 << 30, 2);
  EXPECT_EQ(one.Random(), two.Random());
  Process process({}, {.interval = 4096});
  Sample sample;
  EXPECT_TRUE(process.tracker->Judge(process.hot, *process.state, uint64_t{1} << 40, 0, &sample));
}

TEST(SamplerTest, ImpossibleSizesAreNotSampledAndLeaveTheBudgetAlone) {
  Process process({}, {.interval = 4096});
  Sample sample;
  (void)process.tracker->Judge(process.hot, *process.state, 1, 0, &sample);
  const uint64_t before = process.hot.countdown;
  EXPECT_FALSE(process.tracker->Judge(process.hot, *process.state, ~uint64_t{0}, 0, &sample));
  EXPECT_EQ(process.hot.countdown, before);
}

TEST(SamplerTest, S8_SeedsDifferBetweenThreadsAndRuns) {
  Process one({}, {.seed = 1}), two({}, {.seed = 2});
  Sample sample;
  (void)one.tracker->Judge(one.hot, *one.state, 1, 0, &sample);
  (void)two.tracker->Judge(two.hot, *two.state, 1, 0, &sample);
  HotThread hot{};
  auto other = std::make_unique<ThreadState>();
  (void)one.tracker->Judge(hot, *other, 1, 0, &sample);
  EXPECT_NE(one.hot.countdown, two.hot.countdown);
  EXPECT_NE(one.hot.countdown, hot.countdown);
}

TEST(SamplerTest, AFreshThreadDrawsBeforeItJudges) {
  // With T = 1 TiB, a first block of 1 byte is sampled only if the zero budget counts as used up.
  Process process({}, {.interval = uint64_t{1} << 40});
  Sample sample;
  EXPECT_FALSE(process.tracker->Judge(process.hot, *process.state, 1, 0, &sample));
  EXPECT_GT(process.hot.countdown, 1u);
}

TEST(SamplerTest, AnUnboundTrackerSamplesNothing) {
  auto tracker = std::make_unique<Tracker>();
  auto state = std::make_unique<ThreadState>();
  HotThread hot{};
  Sample sample;
  EXPECT_FALSE(tracker->Judge(hot, *state, 1 << 30, 0, &sample));
  EXPECT_FALSE(tracker->Take(&sample).found);
}

}  // namespace
}  // namespace leaktrack::track
