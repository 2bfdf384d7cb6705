// SPDX-License-Identifier: Apache-2.0
#include "tools/analysis/process/process_account.h"

#include <gtest/gtest.h>

#include <cstdint>

#include "tests/analysis/process/memory_samples.h"

namespace leaktrack {
namespace {

using testing::Growing;
using testing::kMiB;
using testing::WithMemory;

ProcessResult Account(const capture::Capture& capture, std::vector<SiteResult> sites,
                      const AnalyzeOptions& options = {}) {
  Analysis analysis;
  analysis.sites = std::move(sites);
  AccountForProcess(capture, options, analysis);
  return analysis.process;
}

TEST(ProcessAccountTest, TimeToTheLimitIsHeadroomOverGrowth) {
  const std::vector<SiteResult> sites = {Growing(100 * kMiB), Growing(50 * kMiB)};
  const auto growth = TotalGrowth(sites);
  ASSERT_TRUE(growth.has_value());
  EXPECT_NEAR(growth->mid, 150 * kMiB, 1);
  EXPECT_GT(growth->low, 120 * kMiB);  // independent errors do not add up
  const auto result = Account(WithMemory(100 << 20, 400 << 20, 1000 << 20), sites);
  EXPECT_EQ(result.limit_kind, LimitKind::kCgroup);
  EXPECT_NEAR(result.seconds_mid.value(), 600.0 / 150 * 3600, 300);
  EXPECT_LT(result.seconds_low.value(), result.seconds_mid.value());
  EXPECT_GT(result.seconds_high.value(), result.seconds_mid.value());
  EXPECT_EQ(result.status, Status::kWarning);  // four hours left
  ASSERT_EQ(result.odds.size(), 3u);
  EXPECT_LT(result.odds[0].probability, .01);  // within the hour
  EXPECT_GT(result.odds[1].probability, .99);  // within the day
}

TEST(ProcessAccountTest, NothingIsForecastWithoutSignificantGrowth) {
  SiteResult watched = Growing(100 * kMiB);
  watched.verdict = Verdict::kWatch;
  watched.significant = false;
  EXPECT_FALSE(TotalGrowth({watched}).has_value());
  const auto result = Account(WithMemory(100 << 20, 400 << 20, 1000 << 20), {watched});
  EXPECT_FALSE(result.seconds_mid.has_value());
  EXPECT_TRUE(result.odds.empty());
  EXPECT_EQ(result.status, Status::kOk);
}

TEST(ProcessAccountTest, StatusFollowsUseAndTimeWhicheverIsWorse) {
  const auto status = [](int64_t rss, double per_hour) {
    std::vector<SiteResult> sites;
    if (per_hour > 0) sites = {Growing(per_hour)};
    return Account(WithMemory(rss, rss, 1000 << 20), sites).status;
  };
  EXPECT_EQ(status(700 << 20, 0), Status::kOk);
  EXPECT_EQ(status(760 << 20, 0), Status::kWarning);
  EXPECT_EQ(status(910 << 20, 0), Status::kCritical);
  EXPECT_EQ(status(980 << 20, 0), Status::kOomImminent);
  EXPECT_EQ(Account(WithMemory(400 << 20, 500 << 20, 1000 << 20), {Growing(9000 * kMiB)}).status,
            Status::kOomImminent);
  EXPECT_EQ(Account(WithMemory(480 << 20, 500 << 20, 1000 << 20), {Growing(1800 * kMiB)}).status,
            Status::kCritical);
}

TEST(ProcessAccountTest, TheLevelsOfTheStatusCanBeSet) {
  AnalyzeOptions options;
  options.levels.use = {.5, .6, .69};
  EXPECT_EQ(Account(WithMemory(700 << 20, 700 << 20, 1000 << 20), {}, options).status,
            Status::kOomImminent);
  options.levels.use = {.9, .95, .99};
  options.levels.seconds = {60, 10, 1};
  EXPECT_EQ(
      Account(WithMemory(400 << 20, 700 << 20, 1000 << 20), {Growing(1800 * kMiB)}, options).status,
      Status::kOk);
}

TEST(ProcessAccountTest, ALimitThatIsAskedForWinsOverTheOneThatIsThere) {
  AnalyzeOptions options;
  options.limit_bytes = 500 << 20;
  const auto result = LimitOf(WithMemory(100 << 20, 400 << 20, 1000 << 20), options);
  EXPECT_EQ(result.limit_kind, LimitKind::kOption);
  EXPECT_NEAR(result.used_fraction.value(), .8, 1e-9);
}

TEST(ProcessAccountTest, FilePagesThatTheCgroupCanDropAreRoom) {
  capture::Capture capture = WithMemory(300 << 20, 300 << 20, 1000 << 20);
  capture.memory.back().cgroup_current = 950 << 20;
  capture.memory.back().cgroup_reclaimable = 600 << 20;
  const auto result = LimitOf(capture, {});
  EXPECT_NEAR(result.headroom_bytes.value(), 650 * kMiB, 1);
  EXPECT_NEAR(result.used_fraction.value(), .35, 1e-9);
}

TEST(ProcessAccountTest, AnAddressSpaceLimitIsMeasuredAgainstTheAddressSpace) {
  capture::Capture capture = WithMemory(100 << 20, 100 << 20, -1);
  capture.memory.back().cgroup_current = capture::kNotKnown;
  capture.memory.back().rlimit_as = 1000 << 20;
  capture.memory.back().address_space = 910 << 20;
  const auto result = LimitOf(capture, {});
  EXPECT_EQ(result.limit_kind, LimitKind::kRlimit);
  EXPECT_NEAR(result.used_fraction.value(), .91, 1e-9);
}

TEST(ProcessAccountTest, WhatIsNeverTouchedFillsNoCgroupButAnAddressSpace) {
  capture::Capture capture = WithMemory(100 << 20, 100 << 20, 1000 << 20);
  testing::AddSite(capture, capture::SiteKind::kMapping, 0, 110 * kMiB);
  const std::vector<SiteResult> sites = {Growing(10000 * kMiB, capture::SiteKind::kMapping)};
  EXPECT_FALSE(Account(capture, sites).seconds_mid.has_value());
  for (auto& sample : capture.memory) {
    sample.cgroup_max = capture::kNotKnown;
    sample.rlimit_as = int64_t{8000} << 20;
    sample.address_space = int64_t{3000} << 20;
  }
  EXPECT_NEAR(Account(capture, sites).seconds_mid.value(), 1800, 60);
}

TEST(ProcessAccountTest, GrowthThatBelongsToNoSiteIsForecastToo) {
  capture::Capture capture = WithMemory(40 << 20, 400 << 20, 1000 << 20);
  testing::AddAllocator(capture, "glibc", 1 << 20, 1 << 20);
  const auto result = Account(capture, {});
  EXPECT_NEAR(result.seconds_mid.value(), 600.0 / (360.0 / 39), 10);
  EXPECT_EQ(result.status, Status::kOomImminent);
  testing::AddAllocator(capture, "glibc", 1 << 20, 390 << 20);
  EXPECT_FALSE(Account(capture, {}).seconds_mid.has_value())
      << "what the allocator keeps it can give again";
}

TEST(ProcessAccountTest, UnknownStaysUnknown) {
  const auto result = Account(capture::Capture{}, {Growing(1)});
  EXPECT_FALSE(result.limit_bytes.has_value());
  EXPECT_FALSE(result.seconds_mid.has_value());
  EXPECT_EQ(result.status, Status::kOk);
}

}  // namespace
}  // namespace leaktrack
