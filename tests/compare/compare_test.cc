// SPDX-License-Identifier: Apache-2.0
//
// Each class of change, and each way to have too little data. For the error rates see
// compare_simulation.cc.
#include "tools/compare/compare.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/compare/made_counts.h"

namespace leaktrack {
namespace {

using testing::ChangeOf;
using testing::OneRun;
using testing::Site;

using ::testing::HasSubstr;

Comparison Three(const std::vector<SiteCount>& base, const std::vector<SiteCount>& now) {
  return Compare({OneRun(base), OneRun(base), OneRun(base)},
                 {OneRun(now), OneRun(now), OneRun(now)}, {});
}

TEST(CompareTest, NamesEachOfTheFiveClasses) {
  const Comparison result =
      Three({Site("Known", 50), Site("Worse", 50), Site("Fixed", 50), Site("Quiet", 0.3)},
            {Site("Known", 52), Site("Worse", 150), Site("New", 40), Site("Quiet", 0.6)});
  EXPECT_EQ(ChangeOf(result, "Known"), Change::kKnown);
  EXPECT_EQ(ChangeOf(result, "Worse"), Change::kWorse);
  EXPECT_EQ(ChangeOf(result, "Fixed"), Change::kFixed);
  EXPECT_EQ(ChangeOf(result, "New"), Change::kNewLeak);
  EXPECT_EQ(ChangeOf(result, "Quiet"), Change::kUnchanged);
  EXPECT_EQ(result.sites.front().key.front(), "New");
  EXPECT_TRUE(result.Regressed());
}

TEST(CompareTest, ALittleWorseThanKnownIsTolerance) {
  EXPECT_EQ(ChangeOf(Three({Site("Known", 4000)}, {Site("Known", 4600)}), "Known"), Change::kKnown);
}

TEST(CompareTest, ADifferenceBelowTheFloorDoesNotMatter) {
  CompareOptions options;
  options.min_bytes = 1 << 30;
  const std::vector<RunCounts> base(3, OneRun({})), now(3, OneRun({Site("New", 100)}));
  EXPECT_FALSE(Compare(base, now, options).Regressed());
}

TEST(CompareTest, ARenamedCallerDoesNotMakeALeakNew) {
  SiteCount old = Site("Leak", 50), fresh = Site("Leak", 50);
  old.key = {"Leak", "Handle", "Loop", "RunV1", "main"};
  fresh.key = {"Leak", "Handle", "Loop", "RunV2", "main"};
  const Comparison result = Three({old}, {fresh});
  ASSERT_EQ(result.sites.size(), 1u);
  EXPECT_TRUE(result.sites[0].matched_by_suffix);
  EXPECT_EQ(result.sites[0].change, Change::kKnown);
}

TEST(CompareTest, OneRunOfFewMomentsIsInconclusive) {
  SiteCount burst = Site("New", 100);
  burst.births_by_tenth = {100};
  EXPECT_THAT(Compare({OneRun({})}, {OneRun({burst})}, {}).inconclusive_because,
              HasSubstr("three runs"));
  EXPECT_EQ(Compare({OneRun({})}, {OneRun({Site("New", 100)})}, {}).inconclusive_because, "");
}

TEST(CompareTest, WhatGrewInRunsTooShortToTellACacheFromALeakIsInconclusive) {
  std::vector<RunCounts> base(3, OneRun({Site("cache", 5)})), now(3, OneRun({Site("cache", 90)}));
  EXPECT_EQ(Compare(base, now, {}).inconclusive_because, "");
  now[1].unjudged = "it ran for 3s";
  EXPECT_EQ(Compare(base, now, {}).inconclusive_because,
            "more has grown, but a.ltk: it ran for 3s");
  EXPECT_FALSE(Compare(base, now, {}).Regressed());
  EXPECT_EQ(ChangeOf(Compare(base, now, {}), "cache"), Change::kUnclear) << "word and status agree";
  EXPECT_EQ(Compare(now, base, {}).inconclusive_because, "") << "what did not grow needs no excuse";
}

TEST(CompareTest, ALevelOfBlocksThatNearlyAllDieMayVaryByAThird) {
  SiteCount low = Site("garbage", 23), high = Site("garbage", 43);
  EXPECT_EQ(ChangeOf(Compare({3, OneRun({low})}, {3, OneRun({high})}, {}), "garbage"),
            Change::kWorse);
  low.born = high.born = 100 * high.blocks;
  EXPECT_EQ(ChangeOf(Compare({3, OneRun({low})}, {3, OneRun({high})}, {}), "garbage"),
            Change::kKnown);
  SiteCount leak = Site("garbage", 230);
  leak.born = 100 * leak.blocks;
  EXPECT_EQ(ChangeOf(Compare({3, OneRun({low})}, {3, OneRun({leak})}, {}), "garbage"),
            Change::kWorse)
      << "tenfold is no level";
}

TEST(CompareTest, AVersionWithoutTheOthersSymbolsIsNotComparedByName) {
  SiteCount named = Site("Leak", 90), bare = Site("(job)", 90);
  named.stack = {ResolvedFrame{.function = "Leak", .module = "/old/job"}};
  bare.stack = {ResolvedFrame{.function = "", .module = "/new/job"}};
  const std::vector<RunCounts> base(3, OneRun({named})), now(3, OneRun({bare}));
  EXPECT_NE(Compare(base, now, {})
                .inconclusive_because.find("job has symbols in the runs of one version only"),
            std::string::npos);
  EXPECT_EQ(Compare(now, now, {}).inconclusive_because, "");
}

TEST(CompareTest, ABlockThatEachNewRunLosesAndNoOldOneIsNewWhereEveryBlockIsKnown) {
  SiteCount lost = Site("New", 1);
  lost.blocks = 1;
  lost.bytes = 168;
  RunCounts clean = OneRun({}), leaky = OneRun({lost});
  clean.interval = leaky.interval = 1;
  CompareOptions at_exit;
  at_exit.mode = CountMode::kAtExit;
  at_exit.min_bytes = DefaultMinBytes(at_exit.mode);
  const std::vector<RunCounts> base(3, clean), now(3, leaky);
  const Comparison result = Compare(base, now, at_exit);
  EXPECT_EQ(ChangeOf(result, "New"), Change::kNewLeak);
  EXPECT_EQ(result.detectable_bytes, 0) << "blocks were counted, not bytes";
  EXPECT_EQ(result.detectable_blocks, 1);
  EXPECT_FALSE(Compare(base, {leaky, clean, leaky}, at_exit).Regressed());
}

TEST(CompareTest, ARunThatCannotBeTrustedIsNeverASilentPass) {
  RunCounts crashed = OneRun({});
  crashed.unusable = "it crashed";
  EXPECT_THAT(Compare({OneRun({}), OneRun({})}, {OneRun({}), crashed}, {}).inconclusive_because,
              HasSubstr("a.ltk: it crashed"));
  EXPECT_NE(Compare({}, {OneRun({})}, {}).inconclusive_because, "");
}

}  // namespace
}  // namespace leaktrack
