// SPDX-License-Identifier: Apache-2.0
#include "tools/analysis/process/measured_growth.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

#include "tests/analysis/process/memory_samples.h"
#include "tools/analysis/process/coverage.h"
#include "tools/analysis/process/process_account.h"

namespace leaktrack {
namespace {

using testing::Growing;
using testing::kMiB;
using testing::WithMemory;

constexpr int kSeconds = 80;

// Resident memory by a function of the second; `limit` bytes of a cgroup.
capture::Capture WithResident(const std::function<double(int)>& mib, int64_t limit = 8LL << 30) {
  capture::Capture capture = WithMemory(0, 0, limit, kSeconds);
  for (int i = 0; i < kSeconds; ++i) {
    capture::MemorySample& sample = capture.memory[static_cast<size_t>(i)];
    sample.rss = static_cast<int64_t>(mib(i) * kMiB);
    sample.anonymous = sample.rss - sample.file;
    sample.cgroup_current = sample.rss;
  }
  capture.samples_total = 1;
  return capture;
}

Analysis Measured(const capture::Capture& capture, std::vector<SiteResult> sites = {},
                  const AnalyzeOptions& options = {}) {
  Analysis analysis;
  analysis.duration_seconds = analysis.judged_seconds =
      static_cast<double>(capture.duration_ms) / 1e3;
  analysis.sites = std::move(sites);
  MeasureGrowth(capture, analysis);
  AccountForProcess(capture, options, analysis);
  Conclude(capture, options, analysis);
  return analysis;
}

double PerMinute(const Analysis& analysis) {
  return analysis.measured_growth->rate.mid / kMiB / 60;
}

TEST(MeasuredGrowthTest, AProcessThatAllocatesLittleIsJudgedByItsMemory) {
  const auto conclude = [](double mib_per_second, capture::HookState malloc_hook) {
    capture::Capture capture = WithResident([=](int s) { return 100 + s * mib_per_second; });
    capture.samples_total = 0;
    capture.interval_now = 16384;
    capture.hooks = {{"malloc", malloc_hook}};
    return Measured(capture).conclusion;
  };
  EXPECT_EQ(conclude(0, capture::HookState::kActive), Conclusion::kClean);
  EXPECT_EQ(conclude(.5, capture::HookState::kActive), Conclusion::kGrows);
  EXPECT_EQ(conclude(0, capture::HookState::kBypassed), Conclusion::kDataLost);
}

TEST(MeasuredGrowthTest, ResidentMemoryThatGrowsIsMeasuredThoughNoSiteIsProven) {
  const Analysis analysis = Measured(WithResident([](int s) { return 100 + s * .5; }));
  ASSERT_TRUE(analysis.measured_growth.has_value());
  EXPECT_EQ(analysis.measured_growth->sum, GrowingSum::kResident);
  EXPECT_NEAR(PerMinute(analysis), 30, .1);
  EXPECT_TRUE(analysis.measured_growth->goes_on);
  EXPECT_EQ(analysis.conclusion, Conclusion::kGrows);
  EXPECT_EQ(analysis.doubts.doubt, Doubt::kGrowthUnproven);
  // 8 GiB, less 140 MiB, at 30 MiB/min.
  EXPECT_NEAR(analysis.process.seconds_mid.value(), (8192 - 140) / 30.0 * 60, 800);
}

TEST(MeasuredGrowthTest, SteadyMemoryWithNoiseDoesNotGrow) {
  const Analysis analysis = Measured(WithResident([](int s) { return 100 + (s * 37 % 11) * .4; }));
  EXPECT_FALSE(analysis.measured_growth.has_value());
  EXPECT_EQ(analysis.conclusion, Conclusion::kClean);
}

TEST(MeasuredGrowthTest, GrowthInFewBurstsHasNoSlopeAndIsMeasured) {
  const Analysis analysis = Measured(WithResident([](int s) {
    return 10.0 * (s < 30 ? 1 : s < 50 ? 2 : s < 70 ? 4 : 8);
  }));
  ASSERT_TRUE(analysis.measured_growth.has_value());
  EXPECT_TRUE(analysis.measured_growth->goes_on);
  EXPECT_LT(analysis.measured_growth->rate.low, analysis.measured_growth->rate.mid);
  EXPECT_EQ(analysis.conclusion, Conclusion::kGrows);
}

TEST(MeasuredGrowthTest, ABurstOfTheLastSecondsIsGrowthThatGoesOn) {
  const Analysis analysis =
      Measured(WithResident([](int s) { return 10 + 3.4 * (s / 24); }));  // 24, 48, 72 s
  ASSERT_TRUE(analysis.measured_growth.has_value());
  EXPECT_TRUE(analysis.measured_growth->goes_on);
}

TEST(MeasuredGrowthTest, AGrowingBaseUnderTeethIsMeasured) {
  const Analysis analysis =
      Measured(WithResident([](int s) { return 50 + (s / 8) * 6.0 + (s % 8) * 20.0; }));
  ASSERT_TRUE(analysis.measured_growth.has_value());
  EXPECT_NEAR(PerMinute(analysis), 45, 15);
}

TEST(MeasuredGrowthTest, WhatFillsAtTheStartAndStopsIsNoReasonToAct) {
  const Analysis analysis =
      Measured(WithResident([](int s) { return 20.0 + std::min(s, 50) * 2; }));
  ASSERT_TRUE(analysis.measured_growth.has_value());
  EXPECT_FALSE(analysis.measured_growth->goes_on);
  EXPECT_EQ(analysis.conclusion, Conclusion::kClean);
  EXPECT_FALSE(analysis.process.seconds_mid.has_value());
}

TEST(MeasuredGrowthTest, GrowthThatFillsNothingWithinTheHorizonIsNoReasonToAct) {
  // 4 MiB an hour would fill 8 GiB in three months.
  const auto slowly = [](int s) { return 20.0 + s * 3.0 / kSeconds; };
  const capture::Capture capture = WithResident(slowly, 4LL << 40);
  EXPECT_EQ(Measured(capture).conclusion, Conclusion::kClean);
  AnalyzeOptions patient;
  patient.growth_horizon_seconds = 10 * 365 * 86400.0;
  EXPECT_EQ(Measured(capture, {}, patient).conclusion, Conclusion::kGrows);
}

TEST(MeasuredGrowthTest, AHeapThatGrowsIntoMemoryThatWasKeptIsMeasuredByItsSum) {
  capture::Capture capture = WithResident([](int) { return 200.0; });
  testing::AddSite(capture, capture::SiteKind::kHeap, 10 * kMiB, 90 * kMiB);
  SiteResult site;
  site.sites = {1};
  const Analysis analysis = Measured(capture, {site});
  ASSERT_TRUE(analysis.measured_growth.has_value());
  EXPECT_EQ(analysis.measured_growth->sum, GrowingSum::kHeap);
  EXPECT_NEAR(analysis.sites[0].grown_bytes, 60 * kMiB, 3 * kMiB);  // of the last three quarters
}

// Eight bytes are requested, and the allocator spends 32.
TEST(MeasuredGrowthTest, TheForecastIsHeldToTheRateOfResidentMemory) {
  const auto capture = WithResident([](int s) { return 100 + s * .5; });
  const double truth = (8192 - 140) / 30.0 * 60;
  for (const double said : {30.0 / 4, 30.0, 30.0 * 4}) {
    const Analysis analysis = Measured(capture, {Growing(said * 60 * kMiB)});
    EXPECT_NEAR(analysis.process.seconds_mid.value() / truth, 1, .15) << said;
  }
}

TEST(MeasuredGrowthTest, WhatComesWhenTheProgramTidiesUpDoesNotCount) {
  capture::Capture capture = WithResident([](int s) { return s < 60 ? 100 + s * .5 : 20; });
  Analysis analysis;
  analysis.duration_seconds = kSeconds;
  analysis.judged_seconds = 59.5;
  MeasureGrowth(capture, analysis);
  ASSERT_TRUE(analysis.measured_growth.has_value());
  EXPECT_NEAR(PerMinute(analysis), 30, .1);
}

}  // namespace
}  // namespace leaktrack
