// SPDX-License-Identifier: Apache-2.0
//
// Comparisons for machines: bounded in sites, and written site by site.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "tools/report/gate/gate_report.h"

namespace leaktrack {
namespace {

using ::testing::HasSubstr;

// Remembers how large the largest piece was.
class WatchingSink : public TextSink {
 public:
  void Write(std::string_view piece) override {
    text += piece;
    largest = std::max(largest, piece.size());
  }
  std::string text;
  size_t largest = 0;
};

Comparison ManySites(size_t count) {
  Comparison comparison;
  ResolvedFrame frame;
  frame.function = "service::Record";
  for (size_t i = 0; i < count; ++i) {
    SiteChange site;
    site.change = i % 2 == 0 ? Change::kNewLeak : Change::kUnchanged;
    site.key = {"Record" + std::to_string(i), "main"};
    site.stack = CallStack(CallStack::Frames(40, frame));
    comparison.sites.push_back(site);
  }
  return comparison;
}

TEST(GateJsonTest, AComparisonListsAsManySitesAsWereAskedForAndSaysWhatItLeftOut) {
  WatchingSink sink;
  WriteComparisonJson(ManySites(3000), 2000, sink);
  const auto json = nlohmann::json::parse(sink.text);
  EXPECT_EQ(json["sites"].size(), 2000u);
  EXPECT_EQ(json["sites_shown"], 2000);
  EXPECT_EQ(json["sites_total"], 3000);
  EXPECT_EQ(json["changed_left_out"], 500);
  EXPECT_EQ(json["sites"][1999]["site"], "Record1999 < main");
}

TEST(GateJsonTest, OneSiteIsHeldAtATime) {
  WatchingSink few, many;
  WriteComparisonJson(ManySites(10), 0, few);
  WriteComparisonJson(ManySites(3000), 0, many);
  EXPECT_EQ(nlohmann::json::parse(many.text)["sites"].size(), 3000u);
  EXPECT_LT(many.largest, few.largest + 100);
  WatchingSink gate;
  GateResult result;
  for (const SiteChange& change : ManySites(1000).sites) result.sites.push_back({.change = change});
  WriteGateJson(result, gate);
  EXPECT_EQ(nlohmann::json::parse(gate.text)["sites"].size(), 1000u);
  EXPECT_LT(gate.largest, few.largest + 200);
}

TEST(GateJsonTest, NoSitesAreAnEmptyList) {
  WatchingSink sink;
  WriteComparisonJson({}, 0, sink);
  const auto json = nlohmann::json::parse(sink.text);
  EXPECT_TRUE(json["sites"].is_array() && json["sites"].empty());
}

TEST(GateWordsTest, OneBlockIsOneAndNothingJudgedIsNotFreeOfLeaks) {
  GateSite site;
  site.change.key = {"Record"};
  site.change.change = Change::kNewLeak;
  site.change.now_blocks = 1;
  site.change.now_bytes = 168;
  EXPECT_EQ(Sentence(site, "run"), "NEW LEAK: Record loses 168 B in 1 block per run");
  GateResult result;
  EXPECT_EQ(Headline(result), "gate: PASS: no leaks");
  result.verdict = GateVerdict::kInconclusive;
  EXPECT_EQ(Headline(result), "gate: INCONCLUSIVE");
}

TEST(GateWordsTest, ComparisonsSayWithWhichPowerTheyLooked) {
  Comparison comparison;
  EXPECT_EQ(PowerText(comparison), "");
  comparison.detectable_bytes = 320 << 10;
  EXPECT_EQ(PowerText(comparison),
            "a new leak of 320 KiB per run would have been found (90 % power); counts scatter "
            "1.0 times as much as by chance");
}

TEST(GateWordsTest, OnlyAGateHasABaselineToTakeWhatIsFixedOutOf) {
  GateResult gate;
  Comparison comparison;
  SiteChange fixed;
  fixed.key = {"Record"};
  fixed.change = Change::kFixed;
  fixed.base_blocks = 2;
  fixed.base_bytes = 4096;
  gate.sites.push_back({.change = fixed});
  comparison.sites.push_back(fixed);
  const std::string sentence = "FIXED: Record no longer leaks (it lost 4 KiB in 2 blocks per run)";
  EXPECT_THAT(GateText(gate, 200, false), HasSubstr(sentence + "; take it out of the baseline\n"));
  EXPECT_THAT(GateMarkdown(gate), HasSubstr("take it out of the baseline"));
  EXPECT_THAT(ComparisonText(comparison, 200, false), HasSubstr(sentence + "\n"));
}

TEST(GateWordsTest, TheHeadlineCountsTestsThatKeepMemory) {
  GateResult result;
  result.verdict = GateVerdict::kFail;
  result.failed_tests = {"a"};
  EXPECT_EQ(Headline(result), "gate: FAIL: 1 test keeps memory");
  result.failed_tests = {"a", "b"};
  EXPECT_EQ(Headline(result), "gate: FAIL: 2 tests keep memory");
}

}  // namespace
}  // namespace leaktrack
