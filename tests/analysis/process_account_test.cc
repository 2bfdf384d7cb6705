// SPDX-License-Identifier: Apache-2.0
#include "tools/analysis/process_account.h"

#include <gtest/gtest.h>

namespace leaktrack {
namespace {

constexpr double kMiB = 1 << 20;

capture::Capture WithMemory(int64_t first_rss, int64_t last_rss, int64_t limit) {
  capture::Capture capture;
  for (int i = 0; i < 20; ++i) {
    capture::MemorySample sample;
    sample.time_ms = static_cast<uint64_t>(i) * 1000;
    sample.rss = first_rss + (last_rss - first_rss) * i / 19;
    sample.cgroup_current = sample.rss;
    sample.cgroup_max = limit;
    capture.memory.push_back(sample);
  }
  return capture;
}

SiteResult Growing(double per_hour) {
  SiteResult site;
  site.verdict = Verdict::kSuspect;
  site.growth = Rate{per_hour, per_hour * .8, per_hour * 1.2};
  site.live_bytes = 10 * kMiB;
  return site;
}

TEST(ProcessAccountTest, TimeToTheLimitIsHeadroomOverGrowth) {
  const auto growth = TotalGrowth({Growing(100 * kMiB), Growing(50 * kMiB)});
  ASSERT_TRUE(growth.has_value());
  EXPECT_NEAR(growth->mid, 150 * kMiB, 1);
  EXPECT_GT(growth->low, 120 * kMiB);  // independent errors do not add up
  const auto result = AccountForLimit(WithMemory(100 << 20, 400 << 20, 1000 << 20), growth);
  EXPECT_EQ(result.limit_kind, "cgroup");
  EXPECT_NEAR(result.seconds_mid.value(), 600.0 / 150 * 3600, 1);
  EXPECT_LT(result.seconds_low.value(), result.seconds_mid.value());
  EXPECT_GT(result.seconds_high.value(), result.seconds_mid.value());
  EXPECT_EQ(result.status, Status::kWarning);  // four hours left
}

TEST(ProcessAccountTest, NothingIsForecastWithoutSignificantGrowth) {
  SiteResult watched = Growing(100 * kMiB);
  watched.verdict = Verdict::kWatch;
  const auto growth = TotalGrowth({watched});
  EXPECT_FALSE(growth.has_value());
  const auto result = AccountForLimit(WithMemory(100 << 20, 400 << 20, 1000 << 20), growth);
  EXPECT_FALSE(result.seconds_mid.has_value());
  EXPECT_EQ(result.status, Status::kOk);
}

TEST(ProcessAccountTest, StatusFollowsUseAndTimeWhicheverIsWorse) {
  const auto status = [](int64_t rss, double per_hour) {
    std::optional<Rate> growth;
    if (per_hour > 0) growth = Rate{per_hour, per_hour, per_hour};
    return AccountForLimit(WithMemory(rss, rss, 1000 << 20), growth).status;
  };
  EXPECT_EQ(status(700 << 20, 0), Status::kOk);
  EXPECT_EQ(status(760 << 20, 0), Status::kWarning);
  EXPECT_EQ(status(910 << 20, 0), Status::kCritical);
  EXPECT_EQ(status(980 << 20, 0), Status::kOomImminent);
  EXPECT_EQ(status(500 << 20, 600 * kMiB), Status::kCritical);
  EXPECT_EQ(status(500 << 20, 6000 * kMiB), Status::kOomImminent);
}

TEST(ProcessAccountTest, UnknownStaysUnknown) {
  const auto result = AccountForLimit(capture::Capture{}, std::nullopt);
  EXPECT_FALSE(result.limit_bytes.has_value());
  const auto memory = AccountForMemory(capture::Capture{}, {});
  EXPECT_FALSE(memory.rss_bytes.has_value());
  EXPECT_FALSE(memory.explained_fraction.has_value());
  EXPECT_EQ(memory.memory_class, MemoryClass::kUnknown);
}

TEST(ProcessAccountTest, RssThatGrowsOverAFlatHeapIsRetention) {
  EXPECT_EQ(AccountForMemory(WithMemory(100 << 20, 400 << 20, -1), {}).memory_class, MemoryClass::kRetention);
  EXPECT_EQ(AccountForMemory(WithMemory(100 << 20, 101 << 20, -1), {}).memory_class, MemoryClass::kSteady);
  EXPECT_EQ(AccountForMemory(WithMemory(100 << 20, 400 << 20, -1), {Growing(1)}).memory_class, MemoryClass::kLeak);
  EXPECT_EQ(AccountForMemory(WithMemory(100 << 20, 100 << 20, -1), {Growing(1)}).memory_class, MemoryClass::kUntouched);
}

TEST(ProcessAccountTest, AddressSpaceExplainsNoResidentMemory) {
  capture::Capture capture;
  capture.memory.emplace_back();
  capture::MemorySample& now = capture.memory.back();
  now.rss = 100 << 20;
  now.file = 20 << 20;
  now.shared = 0;
  now.anonymous = 80 << 20;
  now.stack = 8 << 20;
  SiteResult heap;
  heap.live_bytes = 30 << 20;
  SiteResult mapping;
  mapping.kind = capture::SiteKind::kMapping;
  mapping.live_bytes = 500 << 20;
  EXPECT_DOUBLE_EQ(*AccountForMemory(capture, {heap, mapping}).explained_fraction, 0.5);
  heap.live_bytes = 300 << 20;  // most of it never touched
  EXPECT_DOUBLE_EQ(*AccountForMemory(capture, {heap, mapping}).explained_fraction, 1);
}

}  // namespace
}  // namespace leaktrack
