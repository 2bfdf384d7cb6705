// SPDX-License-Identifier: Apache-2.0
//
// Runs against a baseline: what is worse, what is noise, and what cannot be told. How often the
// gate errs: gate_simulation.cc.
#include "tools/compare/gate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/compare/made_counts.h"

namespace leaktrack {
namespace {

using testing::OneRun;
using testing::Site;

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

GateRun OneOf(const std::vector<SiteCount>& grown, bool accused = true) {
  GateRun run;
  run.counts = OneRun(grown);
  if (accused) run.leaks = grown;
  return run;
}

std::vector<GateRun> Runs(const std::vector<double>& counts, bool accused = true) {
  std::vector<GateRun> runs;
  for (const double count : counts) runs.push_back(OneOf({Site("Leak", count)}, accused));
  return runs;
}

GateOptions Grown() { return {}; }
GateOptions AtExit() {
  GateOptions options;
  options.compare.mode = CountMode::kAtExit;
  options.compare.min_bytes = DefaultMinBytes(CountMode::kAtExit);
  return options;
}

GateResult Judge(const std::vector<GateRun>& runs, const Baseline& baseline,
                 const GateOptions& options) {
  return Gate(runs, baseline, Suppressions(), options);
}

// Written, committed, and read again.
Baseline BaselineOf(const std::vector<GateRun>& runs, const GateOptions& options) {
  const Baseline made = MakeBaseline(Judge(runs, {}, options), {});
  return ParseBaseline(FormatBaseline(made), "b.txt").value();
}

// Blocks of 56 bytes, every one of them recorded.
SiteCount Exact(const std::string& name, double blocks) {
  SiteCount site = Site(name, 0);
  site.count = site.blocks = blocks;
  site.bytes = 56 * blocks;
  return site;
}

GateRun ExactRun(const std::vector<SiteCount>& left) {
  GateRun run = OneOf(left);
  run.counts.interval = 1;
  return run;
}

TEST(GateTest, WithoutABaselineWhatMostRunsAccuseIsNew) {
  EXPECT_EQ(Judge(Runs({50, 52, 48}), {}, Grown()).verdict, GateVerdict::kFail);
  std::vector<GateRun> one_of_three = Runs({50, 52, 48});
  one_of_three[0].leaks.clear();
  one_of_three[1].leaks.clear();
  EXPECT_EQ(Judge(one_of_three, {}, Grown()).verdict, GateVerdict::kPass);
}

TEST(GateTest, AKnownLeakThatVariesAsItDidIsKnownAndTwiceOfItIsWorse) {
  const Baseline baseline = BaselineOf(Runs({100, 130, 80}), Grown());
  const GateResult same = Judge(Runs({130, 160, 110}), baseline, Grown());
  EXPECT_EQ(same.verdict, GateVerdict::kPass);
  EXPECT_EQ(same.sites.at(0).change.change, Change::kKnown);
  const Baseline calm = BaselineOf(Runs({100, 104, 96}), Grown());
  EXPECT_EQ(Judge(Runs({210, 195, 205}), calm, Grown()).verdict, GateVerdict::kFail);
}

TEST(GateTest, RunsThatDifferTooMuchToTellAreInconclusiveAndSaySo) {
  const Baseline baseline = BaselineOf(Runs({100, 40, 160}), Grown());
  const GateResult result = Judge(Runs({250, 190, 310}), baseline, Grown());
  EXPECT_EQ(result.verdict, GateVerdict::kInconclusive);
  EXPECT_EQ(result.sites.at(0).change.change, Change::kUnclear);
  EXPECT_THAT(result.inconclusive_because, HasSubstr("single runs differ by"));
}

// The accusation of a warming cache comes and goes; its growth does not.
TEST(GateTest, WhatGrewUnaccusedWhenTheBaselineWasMeasuredIsNotNewWhenItIsAccused) {
  const Baseline baseline = BaselineOf(Runs({60, 75, 50}, false), Grown());
  ASSERT_EQ(baseline.entries.size(), 1u);
  EXPECT_FALSE(baseline.entries.begin()->second.leaks);
  EXPECT_EQ(Judge(Runs({70, 62, 80}), baseline, Grown()).verdict, GateVerdict::kPass);
  const GateResult leak = Judge(Runs({300, 310, 290}), baseline, Grown());
  EXPECT_EQ(leak.verdict, GateVerdict::kFail);
  EXPECT_EQ(leak.sites.at(0).change.change, Change::kNewLeak);
  EXPECT_THAT(Judge(Runs({0, 0, 0}, false), baseline, Grown()).sites, IsEmpty())
      << "what was no leak is not fixed";
}

TEST(GateTest, AKnownLeakThatIsAccusedNoMoreAndGrowsAsBeforeIsNotFixed) {
  const Baseline baseline = BaselineOf(Runs({60, 75, 50}), Grown());
  EXPECT_THAT(Judge(Runs({60, 75, 50}, false), baseline, Grown()).sites, IsEmpty());
  const GateResult gone = Judge(Runs({1, 0, 2}, false), baseline, Grown());
  ASSERT_EQ(gone.sites.size(), 1u);
  EXPECT_EQ(gone.sites[0].change.change, Change::kFixed);
}

TEST(GateTest, MoreOfALeakInMoreWorkIsNotWorse) {
  const auto freeing = [](double bytes, std::vector<GateRun> runs) {
    for (GateRun& run : runs) run.counts.freed_bytes = bytes;
    return runs;
  };
  const Baseline baseline = BaselineOf(freeing(1e9, Runs({100, 104, 96})), Grown());
  const std::vector<GateRun> doubled = Runs({210, 195, 205}), uneven = Runs({210, 160, 240});
  EXPECT_EQ(Judge(freeing(2e9, doubled), baseline, Grown()).verdict, GateVerdict::kPass);
  EXPECT_EQ(Judge(freeing(1e9, doubled), baseline, Grown()).verdict, GateVerdict::kFail);
  EXPECT_EQ(Judge(freeing(1e9, uneven), baseline, Grown()).verdict, GateVerdict::kFail);
  const GateResult unclear = Judge(freeing(1.3e9, uneven), baseline, Grown());
  EXPECT_EQ(unclear.verdict, GateVerdict::kInconclusive);
  EXPECT_THAT(unclear.inconclusive_because, HasSubstr("also freed 1.3 times as much"));
}

// A leak that comes in by many paths is accused as their sum in one run and as one of them in
// another.
TEST(GateTest, ASumOfSitesAndItsSinglePathsAreOneLeak) {
  SiteCount path = Site("Keep", 40), other = path, sum = Site("Keep", 80);
  path.key = {"Keep", "ByFile", "main"};
  other.key = {"Keep", "ByNet", "main"};
  sum.key = {"Keep"};
  GateRun as_sum = OneOf({path, other}), as_paths = OneOf({path, other});
  as_sum.leaks = {sum};
  const Baseline of_sum = BaselineOf({as_sum, as_sum, as_sum}, Grown());
  ASSERT_EQ(of_sum.entries.size(), 1u);
  EXPECT_EQ(Judge({as_paths, as_sum, as_paths}, of_sum, Grown()).sites.size(), 1u);
  EXPECT_EQ(Judge({as_paths, as_paths, as_paths}, of_sum, Grown()).verdict, GateVerdict::kPass);
  const Baseline of_paths = BaselineOf({as_paths, as_paths, as_paths}, Grown());
  EXPECT_EQ(of_paths.entries.size(), 2u);
  EXPECT_EQ(Judge({as_sum, as_sum, as_sum}, of_paths, Grown()).verdict, GateVerdict::kPass);
  EXPECT_EQ(Judge({as_sum, as_sum, as_sum}, {}, Grown()).verdict, GateVerdict::kFail);
}

TEST(GateTest, WhatIsSuppressedDoesNotHideWhatIsNotUnderTheSameName) {
  SiteCount buffer = Exact("main", 1), leak = Exact("main", 3);
  buffer.suppressed = true;
  const GateResult result = Judge({ExactRun({leak, buffer})}, {}, AtExit());
  EXPECT_EQ(result.verdict, GateVerdict::kFail);
  ASSERT_EQ(result.sites.size(), 2u);
  EXPECT_EQ(result.sites[0].change.now_bytes, 168);
  EXPECT_TRUE(result.sites[1].suppressed);
  EXPECT_EQ(Judge({ExactRun({buffer})}, {}, AtExit()).verdict, GateVerdict::kPass);
}

TEST(GateTest, ABlockOfNoBytesIsABlock) {
  SiteCount empty = Exact("Leak", 2);
  empty.bytes = 0;
  const GateResult result = Judge({ExactRun({empty})}, {}, AtExit());
  EXPECT_EQ(result.verdict, GateVerdict::kFail);
  const Baseline baseline = BaselineOf({ExactRun({empty})}, AtExit());
  EXPECT_EQ(Judge({ExactRun({empty})}, baseline, AtExit()).verdict, GateVerdict::kPass);
  empty.count = empty.blocks = 200;
  EXPECT_EQ(Judge({ExactRun({empty})}, baseline, AtExit()).verdict, GateVerdict::kFail);
}

TEST(GateTest, OneBlockMoreThatEachRunLosesIsNewAndOneThatComesAndGoesIsUnclear) {
  const GateRun clean = ExactRun({Exact("Known", 5)});
  const GateRun leaky = ExactRun({Exact("Known", 5), Exact("New", 1)});
  const Baseline baseline = BaselineOf({clean, clean, clean}, AtExit());
  EXPECT_EQ(Judge({leaky, leaky, leaky}, baseline, AtExit()).verdict, GateVerdict::kFail);
  EXPECT_EQ(Judge({leaky, clean, leaky}, baseline, AtExit()).verdict, GateVerdict::kInconclusive);
  EXPECT_EQ(Judge({clean, clean, clean}, baseline, AtExit()).verdict, GateVerdict::kPass);
}

// Sampling sees a small block now and then: not to have seen it before makes it no leak of today.
TEST(GateTest, AFewSamplesThatTheBaselineDidNotHappenToSeeAreNoNewLeakAtExit) {
  const GateRun none = OneOf({Site("Table", 40)}),
                some = OneOf({Site("Table", 40), Site("Tail", 1)});
  const Baseline baseline = BaselineOf({none, none, none}, AtExit());
  EXPECT_EQ(Judge({some, none, some}, baseline, AtExit()).verdict, GateVerdict::kPass);
  const GateRun leaky = OneOf({Site("Table", 40), Site("Tail", 12)});
  EXPECT_EQ(Judge({leaky, leaky, leaky}, baseline, AtExit()).verdict, GateVerdict::kFail);
}

TEST(GateTest, ABaselineOfTheOtherKindOfGateIsNotReadAsOneOfThis) {
  const Baseline grown = BaselineOf(Runs({50, 52, 48}), Grown());
  EXPECT_THAT(Judge(Runs({0, 0, 0}), grown, AtExit()).inconclusive_because,
              HasSubstr("the baseline counts what grew"));
}

TEST(GateTest, AWrittenBaselinePassesEverythingButLimitsAndFailedTests) {
  GateOptions options;
  GateResult result = Judge(Runs({50, 52, 48}), {}, options);
  AcceptAsBaseline("b.txt", result);
  EXPECT_EQ(result.verdict, GateVerdict::kPass);
  options.limits.total_bytes = 1;
  result = Judge(Runs({50, 52, 48}), {}, options);
  AcceptAsBaseline("b.txt", result);
  EXPECT_EQ(result.verdict, GateVerdict::kFail);
  std::vector<GateRun> failed = Runs({0, 0, 0});
  failed[0].failed_tests = {"Suite.Keeps"};
  result = Judge(failed, {}, {});
  EXPECT_EQ(result.verdict, GateVerdict::kFail);
  EXPECT_THAT(result.failed_tests, ElementsAre("Suite.Keeps"));
  AcceptAsBaseline("b.txt", result);
  EXPECT_EQ(result.verdict, GateVerdict::kFail);
}

TEST(GateTest, RunsThatProveNothingSayWhy) {
  std::vector<GateRun> crashed = Runs({50});
  crashed[0].counts.unusable = "it crashed";
  EXPECT_THAT(Judge(crashed, {}, Grown()).unusable_because, HasSubstr("it crashed"));
}

}  // namespace
}  // namespace leaktrack
