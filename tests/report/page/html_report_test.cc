// SPDX-License-Identifier: Apache-2.0
#include "tools/report/page/html_report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>

#include "absl/strings/escaping.h"
#include "tests/report/sample_input.h"
#include "tools/report/input/stack_names.h"
#include "tools/report/page/html_page.h"

namespace leaktrack {
namespace {

using leaktrack::testing::LeakingInput;
using ::testing::HasSubstr;
using ::testing::Not;

// Does what the page's own script does with the data block.
Json DataOf(const std::string& page) {
  const std::string open = "id=\"data\">";
  const size_t begin = page.find(open) + open.size();
  std::string packed;
  EXPECT_TRUE(
      absl::Base64Unescape(page.substr(begin, page.find("</script>", begin) - begin), &packed));
  std::string text(64 << 20, '\0');
  z_stream stream{};
  inflateInit2(&stream, 15 + 16);
  stream.next_in = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_in = static_cast<uInt>(packed.size());
  stream.next_out = reinterpret_cast<Bytef*>(text.data());
  stream.avail_out = static_cast<uInt>(text.size());
  EXPECT_EQ(inflate(&stream, Z_FINISH), Z_STREAM_END);
  text.resize(stream.total_out);
  inflateEnd(&stream);
  return Json::parse(text);
}

// Different stacks with names as long as in real C++ programs.
ReportInput ManySites(size_t count) {
  ReportInput input = LeakingInput();
  input.capture.duration_ms = 3'600'000;
  const SiteResult model = input.analysis.sites.front();
  for (size_t i = 1; i < count; ++i) {
    SiteResult site = model;
    site.verdict = i < 20 ? Verdict::kSuspect : Verdict::kNone;
    site.sites = {static_cast<capture::SiteId>(100 + i)};
    site.live_bytes = 1e6 + static_cast<double>(i * 977 % 10007);
    capture::CellSeries births{site.sites.front(), capture::kBandBirths, {}};
    for (uint64_t t = 1; t <= 360; ++t) {
      births.points.push_back({t * 10'000, t, static_cast<double>(t),
                               static_cast<double>(t * (i * 31 % 4093 + 16384)), 0, 0});
    }
    input.capture.cells.push_back(births);
    CallStack::Frames frames(model.stack.begin(), model.stack.end());
    for (size_t f = 0; f < 30; ++f) {
      ResolvedFrame frame = frames.back();
      frame.function = "service::module_" + std::to_string(i % 97) +
                       "::Handler<std::vector<int, std::allocator<int>>>::Call" +
                       std::to_string(i * (f < 4) + f) + "(std::string const&, int)";
      frame.offset = i * 64 + f;
      frames.push_back(frame);
    }
    site.stack = frames;
    input.analysis.sites.push_back(site);
  }
  return input;
}

TEST(HtmlReportTest, FiguresAreThoseOfTheOtherFormats) {
  const ReportInput input = LeakingInput();
  const Json data = DataOf(HtmlReport(input));
  ASSERT_EQ(data["sites"].size(), 1u);
  EXPECT_EQ(data["sites"][0]["live_bytes"], FiguresOf(input.analysis.sites[0]).live_bytes);
  EXPECT_EQ(data["frames"][data["sites"][0]["stack"][1].get<size_t>()]["line"], 41);
  EXPECT_EQ(data["further"]["sites"], 0);
  EXPECT_EQ(data["tone"], "bad");
}

TEST(HtmlReportTest, NothingOfTheDataIsMarkup) {
  ReportInput input = LeakingInput();
  const std::string hostile =
      "</script></pre></noscript><script>alert(1)</script><img src=x "
      "onerror=alert(2)>\x1b]0;t\x07\xff\xe2\x80\xae";
  input.capture.process.program = input.capture.process.command = hostile;
  input.analysis.sites[0].stack.Change([&](auto& frames) {
    for (ResolvedFrame& frame : frames) frame.function = frame.file = frame.module = hostile;
  });
  input.missing.push_back({hostile, hostile, hostile, hostile});
  input.capture.damage = {hostile};
  const std::string page = HtmlReport(input);
  EXPECT_THAT(page, Not(HasSubstr("alert(1)</script>")));
  EXPECT_THAT(page, Not(HasSubstr("<img")));
  EXPECT_EQ(page.find('\x1b'), std::string::npos);
  // In the text for browsers without scripts.
  EXPECT_THAT(page, HasSubstr("&lt;script&gt;alert(1)"));
  EXPECT_THAT(DataOf(page)["process"]["command"].get<std::string>(),
              HasSubstr("<script>alert(1)</script>"));
}

TEST(HtmlReportTest, AThousandSitesTakeLessThanOneAndAHalfMebibytes) {
  const std::string page = HtmlReport(ManySites(1000));
  EXPECT_LT(page.size(), 3u << 19);
  EXPECT_EQ(DataOf(page)["sites"].size(), 1000u);
}

TEST(HtmlReportTest, WhatItDoesNotTellOfIsCounted) {
  const ReportInput input = ManySites(2500);
  const Json data = DataOf(HtmlReport(input));
  EXPECT_EQ(data["sites"].size(), kMostHtmlSites);
  EXPECT_EQ(data["further"]["sites"], 1500);
  int64_t told = data["further"]["live_bytes"], all = 0;
  for (const Json& site : data["sites"]) told += site["live_bytes"].get<int64_t>();
  for (const SiteResult& site : input.analysis.sites) all += FiguresOf(site).live_bytes;
  EXPECT_EQ(told, all);
  EXPECT_EQ(DataOf(HtmlReport(input, 3))["sites"].size(), 3u);
}

TEST(HtmlReportTest, ALongNameIsCutInTheMiddleAndSaysSo) {
  ReportInput input = LeakingInput();
  input.analysis.sites[0].stack.Change(
      [](auto& frames) { frames[1].function = "Begin" + std::string(10'000, 'n') + "End"; });
  const std::string name = DataOf(HtmlReport(input))["frames"][1]["function"];
  EXPECT_LE(name.size(), 4096u);
  EXPECT_TRUE(name.starts_with("Begin") && name.ends_with("End"));
  EXPECT_THAT(name, HasSubstr("..."));
}

TEST(HtmlReportTest, CurvesEndWithWhatTheCountersSay) {
  ReportInput input = LeakingInput();
  input.capture.duration_ms = 20'500;
  input.capture.cells = {
      {7, capture::kBandBirths, {{1000, 1, 1, 500, 0, 0}, {20'500, 3, 3, 900, 0, 0}}},
      {7, capture::kBandYoungest, {{9000, 1, 1, 200, 0, 0}}},
      {99, capture::kBandBirths, {{1000, 1, 1, 77, 0, 0}}}};
  const Json curve = DataOf(HtmlReport(input))["sites"][0]["curve"];
  EXPECT_EQ(curve["level"].size(), 20u);  // no step is shorter than the history's
  EXPECT_EQ(curve["level"][1], 500);
  EXPECT_EQ(curve["level"].back(), 700);
  EXPECT_EQ(curve["born"].back(), 900);
}

TEST(HtmlReportTest, SurvivorsStandInTheBandOfTheirAge) {
  ReportInput input = LeakingInput();
  input.capture.duration_ms = 100'000;
  input.capture.survivors = {
      {7, 10, 1, 99'500, 99'500, 0, 1}, {8, 20, 1, 50'000, 50'000, 0, .5}, {99, 40, 1, 0, 0, 0, 1}};
  const Json ages = DataOf(HtmlReport(input))["sites"][0]["ages"];
  EXPECT_EQ(ages[0], 10);  // half a second old
  EXPECT_EQ(ages[2], 40);  // kept with probability one half
}

TEST(HtmlReportTest, ADirectoryIsListed) {
  Fleet fleet;
  fleet.runs = {LeakingInput(), LeakingInput()};
  fleet.unreadable = {"x.ltk: not a capture"};
  const Json data = DataOf(HtmlFleet(fleet));
  EXPECT_EQ(data["captures"].size(), 2u);
  EXPECT_EQ(data["unreadable"][0], "x.ltk: not a capture");
}

TEST(HtmlReportTest, AComparisonHasBothVersions) {
  Comparison comparison;
  SiteChange change;
  change.change = Change::kNewLeak;
  change.now_bytes = 4096;
  change.stack = LeakingInput().analysis.sites[0].stack;
  change.key = MakeSiteKey(change.stack, change.blame);
  comparison.sites.push_back(change);
  const Json data = DataOf(HtmlComparison(comparison, "service: old and new"));
  EXPECT_EQ(data["kind"], "comparison");
  EXPECT_EQ(data["tone"], "bad");
  EXPECT_EQ(data["sites"][0]["bytes"], 4096);
  EXPECT_EQ(data["sites"][0]["base_bytes"], 0);
}

}  // namespace
}  // namespace leaktrack
