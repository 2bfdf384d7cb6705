// SPDX-License-Identifier: Apache-2.0
//
// Decisions that need more than one stack: which path, which wrapper, which sites belong together.
#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

#include "tests/analysis/process/memory_samples.h"
#include "tools/analysis/blame/blame.h"
#include "tools/analysis/blame/caller_contrast.h"
#include "tools/analysis/blame/families.h"
#include "tools/analysis/blame/ranking.h"

namespace leaktrack {
namespace {

using testing::kMiB;

CallStack Stack(const std::vector<std::string>& functions) {
  CallStack::Frames stack;
  for (const std::string& function : functions)
    stack.push_back({function, "", 0, "/bin/app", "", stack.size(), false});
  return stack;
}

SiteResult Site(const std::vector<std::string>& functions, double born, double live, bool accused,
                double objects = 1000) {
  SiteResult site;
  site.stack = Stack(functions);
  site.blame = 1;
  site.born_bytes = born;
  site.live_bytes = live;
  site.live_objects = objects;
  if (accused)
    site.verdict = Verdict::kSuspect, site.significant = true,
    site.growth = Rate{live, live * .9, live * 1.1};
  return site;
}

std::string Blamed(const SiteResult& site) { return site.stack[site.blame].function; }

TEST(CallerContrastTest, TheCallerThatForgetsIsToBlameNotTheHelperThatAllGoThrough) {
  std::vector<SiteResult> sites = {
      Site({"malloc", "MakeBuffer", "Leaky", "main"}, 10, 10, true),
      Site({"malloc", "MakeBuffer", "Healthy", "main"}, 90, .1, false)};
  BlameBuggyPaths(sites);
  EXPECT_EQ(Blamed(sites[0]), "Leaky");
  EXPECT_EQ(Blamed(sites[1]), "MakeBuffer");
  EXPECT_GT(*sites[0].lift, 9);
  EXPECT_LT(*sites[1].lift, .1);
}

TEST(CallerContrastTest, WhoWaitsInALoopIsNotToBlameForWhatItRuns) {
  std::vector<SiteResult> sites = {
      Site({"malloc", "_PyEval_EvalFrameDefault", "PyEval_EvalCode", "main"}, 10, 10, true),
      Site({"malloc", "_PyEval_EvalFrameDefault", "_PyFunction_Vectorcall", "main"}, 90, .1,
           false)};
  BlameBuggyPaths(sites);
  EXPECT_EQ(Blamed(sites[0]), "_PyEval_EvalFrameDefault");
}

TEST(CallerContrastTest, ALoopIsNotToBlameForTheHandlersThatItCalls) {
  std::vector<SiteResult> sites = {
      Site({"malloc", "Refresh", "g_main_dispatch", "g_main_loop_run", "main"}, 10, 10, true),
      Site({"malloc", "Refresh", "Open", "main"}, 90, .1, false)};
  BlameBuggyPaths(sites);
  EXPECT_EQ(Blamed(sites[0]), "Refresh");
}

TEST(CallerContrastTest, TheInstancesOfATemplateAreOneHelper) {
  std::vector<SiteResult> sites = {
      Site({"malloc", "Pool<Cursor>::Take(int)", "OpenCursor", "main"}, 10, 10, true),
      Site({"malloc", "Pool<Buffer>::Take(int)", "Borrow", "main"}, 90, .1, false)};
  BlameBuggyPaths(sites);
  EXPECT_EQ(Blamed(sites[0]), "OpenCursor");
}

TEST(CallerContrastTest, AHelperThatLosesForEverybodyKeepsTheBlame) {
  std::vector<SiteResult> sites = {Site({"malloc", "MakeBuffer", "One", "main"}, 50, 10, true),
                                   Site({"malloc", "MakeBuffer", "Two", "main"}, 50, 12, true)};
  BlameBuggyPaths(sites);
  EXPECT_EQ(Blamed(sites[0]), "MakeBuffer");
}

TEST(CallerContrastTest, ARareNeighbourProvesNothing) {
  std::vector<SiteResult> sites = {Site({"malloc", "MakeBuffer", "One", "main"}, 95, 10, true),
                                   Site({"malloc", "MakeBuffer", "Two", "main"}, 5, 0, false)};
  BlameBuggyPaths(sites);
  EXPECT_EQ(Blamed(sites[0]), "MakeBuffer");
}

TEST(CallerContrastTest, TheBlameStaysWithinTheProgram) {
  SiteResult leaky = Site({"malloc", "MakeBuffer", "", "start_thread"}, 10, 10, true);
  leaky.stack.Change([](auto& frames) { frames[2].module = frames[3].module = "/lib/libc.so.6"; });
  std::vector<SiteResult> sites = {
      leaky, Site({"malloc", "MakeBuffer", "Healthy", "main"}, 90, .1, false)};
  BlameBuggyPaths(sites);
  EXPECT_EQ(Blamed(sites[0]), "MakeBuffer");
}

TEST(CallerContrastTest, WhatAThreadRunsKeepsTheBlameWhereOnlyLibrariesCalledIt) {
  SiteResult leaky = Site({"malloc", "Worker", "std::__invoke_impl<void>",
                           "execute_native_thread_routine", "start_thread", "clone3"},
                          10, 10, true);
  leaky.stack.Change([](auto& frames) {
    frames[3].module = "/lib/libstdc++.so.6";
    frames[4].module = frames[5].module = "/lib/libc.so.6";
  });
  std::vector<SiteResult> sites = {leaky,
                                   Site({"malloc", "Worker", "Healthy", "main"}, 90, .1, false)};
  BlameBuggyPaths(sites);
  EXPECT_EQ(Blamed(sites[0]), "Worker");
}

TEST(CallerContrastTest, TheBlameDoesNotLeaveTheProgramForALibraryThatCalledBack) {
  SiteResult leaky = Site({"malloc", "OnElement", "parse_tag", "Load", "main"}, 10, 10, true);
  leaky.stack.Change([](auto& frames) { frames[2].module = "/usr/lib/libparse.so.1"; });
  std::vector<SiteResult> sites = {leaky,
                                   Site({"malloc", "OnElement", "Healthy", "main"}, 90, .1, false)};
  BlameBuggyPaths(sites, OwnCode("/bin/app"));
  EXPECT_EQ(Blamed(sites[0]), "OnElement");
}

TEST(FamiliesTest, ThePartsOfOneLostThingAreAFamilyUnderTheFunctionThatMadeThem) {
  std::vector<SiteResult> sites = {
      Site({"malloc", "NewName", "ParseField", "LoadCertificate", "Handshake", "main"}, 10, 10,
           true, 2000),
      Site({"malloc", "NewKey", "LoadCertificate", "Handshake", "main"}, 10, 10, true, 1010),
      Site({"malloc", "LoadCertificate", "Handshake", "main"}, 10, 10, true, 990),
      Site({"malloc", "Serve", "main"}, 500, 0, false)};
  FindFamilies(sites);
  for (size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(sites[i].family, 1u);
    EXPECT_EQ(Blamed(sites[i]), "LoadCertificate");
    EXPECT_EQ(sites[i].part_frame, 1u) << "who made the part is still told";
  }
  EXPECT_EQ(sites[3].family, 0u);
}

TEST(FamiliesTest, TheProgramsOwnFunctionMadeTheThingNotTheLibraryThatItAsked) {
  std::vector<SiteResult> sites = {
      Site({"malloc", "lib_name", "lib_parse", "LoadCertificate", "Handshake", "main"}, 10, 10,
           true, 1000),
      Site({"malloc", "lib_key", "lib_parse", "LoadCertificate", "Handshake", "main"}, 10, 10, true,
           1000)};
  for (SiteResult& site : sites) {
    site.stack.Change([](auto& frames) {
      frames[1].module = frames[2].module = "/usr/lib/libcert.so.1";
      for (size_t i = 3; i < frames.size(); ++i) frames[i].module = "/bin/app";
    });
  }
  FindFamilies(sites, OwnCode("/bin/app"));
  EXPECT_EQ(sites[0].family, 1u);
  EXPECT_EQ(Blamed(sites[0]), "LoadCertificate");
}

TEST(FamiliesTest, AThingThatIsMostOfWhatTheProgramAllocatesIsOneThingStill) {
  std::vector<SiteResult> sites = {
      Site({"malloc", "parse_section", "load_config", "reload", "main"}, 90, 90, true, 960),
      Site({"malloc", "load_config", "reload", "main"}, 30, 30, true, 120),
      Site({"malloc", "serve_request", "main"}, 20, 0, false)};
  FindFamilies(sites);
  EXPECT_EQ(sites[0].family, 1u);
  EXPECT_EQ(Blamed(sites[0]), "load_config");
  EXPECT_EQ(Blamed(sites[1]), "load_config");
}

TEST(FamiliesTest, WhatAThreadWasStartedWithMakesNoThing) {
  std::vector<SiteResult> sites = {Site({"malloc", "ForgetOne", "worker"}, 10, 10, true),
                                   Site({"malloc", "ForgetTwo", "worker"}, 10, 10, true)};
  FindFamilies(sites);
  EXPECT_EQ(sites[0].family, 0u);
}

TEST(FamiliesTest, TwoLeaksThatHaveNothingInCommonAreTwo) {
  const auto families = [](double other_objects, double churn) {
    std::vector<SiteResult> sites = {
        Site({"malloc", "ForgetOne", "Worker", "main"}, 10, 10, true, 1000),
        Site({"malloc", "ForgetTwo", "Worker", "main"}, 10, 10, true, other_objects),
        Site({"malloc", "Churn", "Worker", "main"}, churn, 0, false),
        Site({"malloc", "Else", "main"}, 40, 0, false)};
    FindFamilies(sites);
    return sites[0].family;
  };
  EXPECT_EQ(families(1000, 0), 1u);
  EXPECT_EQ(families(1450, 0), 0u) << "their numbers do not fit together";
  EXPECT_EQ(families(1000, 900), 0u) << "most of the program runs under the worker";
}

TEST(WrapperRulesTest, LearnsTheProgramsOwnMallocInTwoLayers) {
  std::vector<CallStack> stacks;
  for (int i = 0; i < 60; ++i) {
    stacks.push_back(Stack({"malloc", "Grab", "Take", "User" + std::to_string(i), "main"}));
    stacks.push_back(Stack({"malloc", "Grab", "Other" + std::to_string(i), "main"}));
    stacks.push_back(Stack({"malloc", "Direct", "Caller" + std::to_string(i % 7), "main"}));
  }
  std::vector<WrapperRules::Seen> seen;
  for (const auto& stack : stacks) seen.push_back({&stack, 10, seen.size() % 5 == 0});
  WrapperRules rules;
  rules.Learn(seen);
  EXPECT_EQ(rules.learned(), (std::set<std::string>{"/bin/app Grab", "/bin/app Take"}));
  EXPECT_EQ(BlameIndex(stacks[0], rules), 3u);
  EXPECT_EQ(BlameIndex(stacks[1], rules), 2u);
  EXPECT_EQ(BlameIndex(stacks[2], rules), 1u) << "seven callers are no crowd";
}

TEST(WrapperRulesTest, AFunctionWithManyCallersButFewSamplesIsNoAllocator) {
  std::vector<CallStack> stacks;
  for (int i = 0; i < 60; ++i)
    stacks.push_back(Stack({"malloc", "Rare", "User" + std::to_string(i), "main"}));
  stacks.push_back(Stack({"malloc", "Often", "main"}));
  std::vector<WrapperRules::Seen> seen;
  for (const auto& stack : stacks)
    seen.push_back({&stack, stack.size() == 4 ? 1.0 : 10000.0, false});
  WrapperRules rules;
  rules.Learn(seen);
  EXPECT_TRUE(rules.learned().empty());
}

TEST(WrapperRulesTest, AFunctionThatLosesForMostOfItsCallersIsTheCulpritNotAWrapper) {
  std::vector<CallStack> stacks;
  for (int i = 0; i < 60; ++i)
    stacks.push_back(Stack({"malloc", "CopyHeader", "Path" + std::to_string(i), "main"}));
  std::vector<WrapperRules::Seen> seen;
  for (const auto& stack : stacks) seen.push_back({&stack, 10, seen.size() % 3 != 0});
  WrapperRules rules;
  rules.Learn(seen);
  EXPECT_TRUE(rules.learned().empty());
}

TEST(WrapperRulesTest, NamedPatternsAreSkippedToo) {
  const auto stack = Stack({"malloc", "ns::Pool<int>::Take(int)", "Open(char const*)", "main"});
  EXPECT_EQ(BlameIndex(stack), 1u);
  EXPECT_EQ(BlameIndex(stack, WrapperRules({"ns::Pool*"})), 2u);
  EXPECT_EQ(BlameIndex(stack, WrapperRules({"ns::Pool*", "Open"})), 3u);
  EXPECT_EQ(BlameIndex(stack, WrapperRules({"Ope"})), 1u);
}

TEST(RankingTest, WhatIsCertainOfTheGrowthTimesConfidenceDecides) {
  SiteResult sure = Site({"malloc", "A"}, 1, 1, true);
  sure.growth = Rate{100, 90, 110};
  sure.leak_probability = .99;
  SiteResult unsure = sure;
  unsure.growth = Rate{200, 10, 500};
  SiteResult leak = sure;
  leak.verdict = Verdict::kLeak;
  leak.growth = Rate{5, 4, 6};
  SiteResult rising = sure;
  rising.model = GrowthModel{400, 1, .1, 100};
  SiteResult big = sure;
  big.verdict = Verdict::kNone;
  big.live_bytes = 1000 * kMiB;
  std::vector<SiteResult> sites = {big, unsure, sure, rising, leak};
  RankSites(sites);
  EXPECT_EQ(sites[0].verdict, Verdict::kLeak);
  EXPECT_TRUE(sites[1].model.has_value()) << "its rate at the end counts";
  EXPECT_EQ(sites[2].growth->mid, 100);
  EXPECT_EQ(sites[3].growth->mid, 200);
  EXPECT_EQ(sites[4].verdict, Verdict::kNone);
}

}  // namespace
}  // namespace leaktrack
