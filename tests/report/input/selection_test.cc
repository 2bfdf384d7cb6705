// SPDX-License-Identifier: Apache-2.0
//
// What --site, --filter and --top leave of a report, and that the report says what is left out.
#include "tools/report/input/selection.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/report/sample_input.h"
#include "tools/report/formats.h"
#include "tools/report/words/selection_words.h"

namespace leaktrack {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

// The sample's leak (sites 7 and 8), and one that does not grow (site 21).
ReportInput TwoSites() {
  ReportInput input = testing::LeakingInput();
  SiteResult quiet = input.analysis.sites[0];
  quiet.sites = {21};
  quiet.verdict = Verdict::kNone;
  quiet.significant = false;
  quiet.growth.reset();
  quiet.live_bytes = 1000;
  quiet.stack = {
      {"malloc", "", 0, "/usr/lib/libc.so.6", "", 1, false},
      {"ns::Quiet<int>::Keep(char const*)", "q.cc", 3, "/usr/lib/libfoo.so.1", "", 2, false}};
  input.analysis.sites.push_back(quiet);
  input.analysis.conclusion = Conclusion::kFound;
  return input;
}

ReportInput Selected(const SelectionOptions& options) {
  ReportInput input = TwoSites();
  input.selection = SelectSites(options, input.analysis.sites);
  return input;
}

SelectionOptions Filter(const std::string& pattern) { return {{}, pattern, 0}; }

size_t Matching(const std::string& pattern) { return ShownSites(Selected(Filter(pattern))).size(); }

std::string Write(const char* name, const ReportInput& input) {
  return TextOf([&](TextSink& sink) { FindReportFormat(name)->one(input, {}, sink); });
}

TEST(SelectionTest, AFilterIsAPartOfAFunctionOrModuleOrAllOfItWithStars) {
  EXPECT_EQ(Matching("Quiet"), 1u);
  EXPECT_EQ(Matching("libfoo"), 1u);
  EXPECT_EQ(Matching("libfoo.so.*"), 1u);
  EXPECT_EQ(Matching("ns::*::Keep"), 1u);
  EXPECT_EQ(Matching("/usr/lib/*"), 1u);
  EXPECT_EQ(Matching("malloc"), 2u);
  EXPECT_EQ(Matching("Quie*"), 0u);  // with a star it must match the whole name
  EXPECT_EQ(Matching("quiet"), 0u);
}

TEST(SelectionTest, OfMoreSitesThanAFormatListsUnaskedTheFirstStayAndTheWayToAllIsSaid) {
  ReportInput input = TwoSites();
  input.analysis.sites.resize(30, input.analysis.sites[1]);
  input.selection = SelectSites({.most_unasked = 30}, input.analysis.sites);
  EXPECT_FALSE(input.selection.made);
  EXPECT_EQ(SelectionText(input), "");
  input.selection = SelectSites({.most_unasked = 10}, input.analysis.sites);
  EXPECT_EQ(ShownSites(input).size(), 10u);
  EXPECT_EQ(input.selection.live_bytes_left_out, 20 * 1000);
  EXPECT_EQ(SelectionText(input), "showing 10 of 30 sites, the worst first; --top 30 lists all");
  const auto json = nlohmann::json::parse(Write("json", input));
  EXPECT_EQ(json["selection"]["sites_total"], 30);
  EXPECT_EQ(json["selection"]["sites_shown"], 10);
  EXPECT_TRUE(json["selection"]["top"].is_null());
}

TEST(SelectionTest, WhoAsksForMoreSitesThanThatHasThem) {
  ReportInput input = TwoSites();
  input.analysis.sites.resize(30, input.analysis.sites[1]);
  input.selection = SelectSites({.top = 25, .most_unasked = 10}, input.analysis.sites);
  EXPECT_EQ(ShownSites(input).size(), 25u);
  EXPECT_EQ(SelectionText(input), "showing 25 of 30 sites (--top 25)");
}

TEST(SelectionTest, BracketsAreNamesAndNoPatternTakesForEver) {
  ReportInput input = TwoSites();
  input.analysis.sites[1].stack.Change([](auto& frames) {
    frames[1].function = "Table::operator[](int)" + std::string(20'000, 'a');
  });
  EXPECT_TRUE(Matches(input.analysis.sites[1], Filter("operator[]")));
  EXPECT_TRUE(Matches(input.analysis.sites[1], Filter("Table::operator[]*")));
  EXPECT_FALSE(Matches(input.analysis.sites[1], Filter("*a*a*a*a*a*a*a*a*a*a*a*a*b")));
  EXPECT_TRUE(Matches(input.analysis.sites[1], Filter("*")));
}

TEST(SelectionTest, ASiteIsFoundByAnyOfItsNumbersAndShownByItsSmallest) {
  const ReportInput input = Selected({8, "", 0});
  ASSERT_EQ(ShownSites(input).size(), 1u);
  EXPECT_EQ(SiteNumber(ShownSites(input)[0]), 7u);
  EXPECT_EQ(nlohmann::json::parse(Write("json", input))["sites"][0]["id"], 7);
  EXPECT_THAT(Write("text", input), HasSubstr("site    7\n"));
}

TEST(SelectionTest, WhatIsLeftOutIsSaidInEveryFormatThatHasAPlaceForIt) {
  const ReportInput input = Selected(Filter("libfoo"));
  const std::string text = "showing 1 of 2 sites (--filter libfoo); 1 that grows is not among them";
  EXPECT_EQ(ScopeText(input), text);
  EXPECT_EQ(nlohmann::json::parse(Write("json", input))["selection"]["text"], text);
  EXPECT_THAT(nlohmann::json::parse(Write("speedscope", input))["name"].get<std::string>(),
              HasSubstr(text));
  EXPECT_THAT(
      Write("text", input),
      HasSubstr("Sites      showing 1 of 2 sites (--filter libfoo); 1 that grows is not among"));
}

TEST(SelectionTest, TheHeadlineAndTheConclusionAreThoseOfAllSites) {
  const std::string all = Write("text", TwoSites()),
                    quiet = Write("text", Selected(Filter("libfoo")));
  EXPECT_EQ(quiet.substr(0, quiet.find('\n')), all.substr(0, all.find('\n')));
  EXPECT_THAT(quiet, HasSubstr("ns::Quiet<int>::Keep"));
  EXPECT_THAT(quiet, Not(HasSubstr("grows     ")));
  EXPECT_EQ(Selected(Filter("nowhere")).analysis.conclusion, Conclusion::kFound);
}

TEST(SelectionTest, NoMatchIsOneClearLineInAnyFormat) {
  const ReportInput input = Selected(Filter("no\x1bwhere"));
  EXPECT_THAT(Write("text", input),
              HasSubstr("none of 2 sites matches --filter no\\x1bwhere; 1 that grows"));
  const nlohmann::json json = nlohmann::json::parse(Write("json", input));
  EXPECT_TRUE(json["sites"].empty());
  EXPECT_EQ(json["selection"]["live_bytes_left_out"], 9'001'000);
  EXPECT_EQ(Write("folded", input), "");
  for (const ReportFormat& format : ReportFormats())
    EXPECT_NO_THROW(Write(format.name, input)) << format.name;
}

TEST(SelectionTest, TopLeavesTheFirstOfThoseThatMatch) {
  const ReportInput input = Selected({{}, "malloc", 1});
  ASSERT_EQ(ShownSites(input).size(), 1u);
  EXPECT_EQ(ShownSites(input)[0].verdict, Verdict::kSuspect);
  EXPECT_EQ(SelectionText(input), "showing 1 of 2 sites (--filter malloc --top 1)");
}

TEST(SelectionTest, IsAViewTheAnalysisKeepsAllItsSites) {
  const ReportInput input = Selected(Filter("libfoo"));
  ASSERT_EQ(input.analysis.sites.size(), 2u);
  EXPECT_EQ(&ShownSites(input)[0], &input.analysis.sites[1]);
  const ReportInput copy = input;
  EXPECT_EQ(&ShownSites(copy)[0], &copy.analysis.sites[1]);
}

TEST(SelectionTest, TheNearestCallerIsNamedThoughAFilterLeavesItOut) {
  ReportInput input = Selected(Filter("worker_loop"));
  input.analysis.memory.unplaced_growth = Rate{1e6, 9e5, 2e6};
  input.analysis.memory.nearest_site = 21;
  EXPECT_THAT(Write("text", input), HasSubstr("ns::Quiet<int>::Keep at q.cc:3"));
}

TEST(SelectionTest, WhereNothingIsLeftOutNothingIsSaid) {
  EXPECT_EQ(SelectionText(Selected({})), "");
  EXPECT_EQ(SelectionText(Selected({{}, "", 5})), "");
  EXPECT_TRUE(nlohmann::json::parse(Write("json", Selected({})))["selection"]["text"].is_null());
}

TEST(SelectionTest, AWindowIsNamedWithItsLength) {
  ReportInput input = Selected(Filter("libfoo"));
  input.analysis.duration_seconds = 7200;
  input.analysis.window_seconds = 600;
  EXPECT_THAT(ScopeText(input),
              HasSubstr("judged by the last 10m of 2h alone (--since); showing 1 of 2"));
  EXPECT_THAT(Write("text", input), HasSubstr("Window     judged by the last 10m of 2h alone"));
  EXPECT_EQ(nlohmann::json::parse(Write("json", input))["window"]["from_seconds"], 6600);
}

}  // namespace
}  // namespace leaktrack
