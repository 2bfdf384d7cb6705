// SPDX-License-Identifier: Apache-2.0
#include "tools/compare/limits.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/compare/made_counts.h"
#include "tools/compare/gate.h"

namespace leaktrack {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::string Refusal(const std::string& text) {
  const absl::StatusOr<GateLimits> limits = ParseLimits(text, "l.toml");
  return limits.ok() ? "" : std::string(limits.status().message());
}

TEST(LimitsTest, ReadsEveryKey) {
  const absl::StatusOr<GateLimits> limits = ParseLimits(
      "per = 'iteration'\nmax-total = '1MiB'\nmax-site = '64KiB'\nmin-bytes = '2KiB'\n"
      "[[site]]\nmatch = 'Registry::Add*'\nmax = '3KiB'\n[[site]]\nmatch = '^Log$'\nmax = '0'\n",
      "l.toml");
  ASSERT_TRUE(limits.ok()) << limits.status();
  EXPECT_EQ(limits->unit, "iteration");
  EXPECT_EQ(limits->total_bytes, 1048576);
  EXPECT_EQ(limits->site_bytes, 65536);
  EXPECT_EQ(limits->min_bytes, 2048);
  ASSERT_EQ(limits->sites.size(), 2u);
  EXPECT_EQ(limits->sites[0].bytes, 3072);
  EXPECT_EQ(limits->sites[1].where, "l.toml:8");
}

TEST(LimitsTest, WhatIsNotUnderstoodIsRefusedWithItsLine) {
  EXPECT_THAT(Refusal("max-total = '1MiB'\nmax-sites = '1MiB'"),
              HasSubstr("l.toml:2: 'max-sites' is not a limit"));
  EXPECT_THAT(Refusal("max-total = 1048576"), HasSubstr("a size is written as text"));
  EXPECT_THAT(Refusal("max-total = 'many'"), HasSubstr("l.toml:1: "));
  EXPECT_THAT(Refusal("per = 'hour'"), HasSubstr("\"run\" or \"iteration\""));
  EXPECT_THAT(Refusal("[[site]]\nmatch = 'x'"), HasSubstr("l.toml:1: [[site]] needs"));
  EXPECT_THAT(Refusal("[[site]]\nmatch = 'x'\nmax = '1'\ncolour = 3"),
              HasSubstr("l.toml:4: 'colour' is unknown"));
  EXPECT_THAT(Refusal("site = 3"), HasSubstr("expected [[site]]"));
  EXPECT_THAT(Refusal("max-total = '1MiB\n<<<<<<< HEAD\n"), HasSubstr("l.toml:1: "));
  EXPECT_THAT(Refusal("max-site = '1KiB'\n# \xc3\xa9\n"), HasSubstr("l.toml:2: only ASCII"));
}

GateRun RunOf(const std::vector<SiteCount>& sites) {
  GateRun run{testing::OneRun(sites), sites};
  for (SiteCount& site : run.leaks) site.stack = {ResolvedFrame{.function = site.key.front()}};
  return run;
}

GateResult GateWith(const std::string& limits, const std::vector<SiteCount>& sites) {
  GateOptions options;
  options.limits = ParseLimits(limits, "l.toml").value();
  Suppressions none;
  return Gate({RunOf(sites)}, {}, none, options);
}

TEST(LimitsTest, ASiteWithALimitOfItsOwnIsJudgedByThatAlone) {
  const std::string limits = "max-site = '1KiB'\n[[site]]\nmatch = 'Cache*'\nmax = '1MiB'\n";
  EXPECT_EQ(GateWith(limits, {testing::Site("CacheFill", 10)}).verdict, GateVerdict::kPass);
  EXPECT_EQ(GateWith(limits, {testing::Site("CacheFill", 100)}).verdict, GateVerdict::kFail);
  EXPECT_EQ(GateWith(limits, {testing::Site("CacheFill", 10), testing::Site("Other", 10)}).verdict,
            GateVerdict::kFail);
}

TEST(LimitsTest, ALimitOfASiteThatDoesNotLeakIsNamed) {
  const GateResult result = GateWith("[[site]]\nmatch = 'Nobody'\nmax = '1MiB'\n", {});
  EXPECT_THAT(result.unused_limits, ElementsAre("l.toml:1: Nobody"));
}

TEST(LimitsTest, LimitsPerIterationDoNotJudgeRunsThatCountNone) {
  const std::string per_iteration =
      "per = 'iteration'\nmax-total = '1KiB'\nmax-site = '1KiB'\n[[site]]\nmatch = 'A'\nmax = "
      "'1MiB'\n";
  GateResult result = GateWith(per_iteration, {testing::Site("A", 10)});
  EXPECT_THAT(result.inconclusive_because,
              HasSubstr("the limits count per iteration, these runs per run"));
  EXPECT_FALSE(result.over_total || result.sites.at(0).over_limit);
  EXPECT_THAT(result.unused_limits, IsEmpty());
  AcceptAsBaseline("b.txt", result);
  EXPECT_EQ(result.verdict, GateVerdict::kInconclusive) << "a baseline is no limit";
}

TEST(LimitsTest, AGateSaysWhatItCouldHaveSeen) {
  // Published: 14.2 samples are detected 9 times in 10 at a level of .001. At .01 fewer samples
  // suffice.
  const GateResult result = GateWith("", {});
  EXPECT_GT(result.detectable_bytes, 5 * testing::kInterval);
  EXPECT_LT(result.detectable_bytes, 15 * testing::kInterval);
}

}  // namespace
}  // namespace leaktrack
