// SPDX-License-Identifier: Apache-2.0
#include "tools/report/fleet_report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <sstream>

#include "tests/report/sample_input.h"
#include "tools/base/safe_text.h"

namespace leaktrack {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

ReportInput Ended(const std::string& program, Conclusion conclusion, double seconds = 20) {
  ReportInput run = testing::LeakingInput();
  run.capture.process.program = program;
  run.analysis.conclusion = conclusion;
  run.analysis.duration_seconds = seconds;
  if (conclusion != Conclusion::kFound) {
    run.analysis.sites.clear();
    run.analysis.total_growth.reset();
  }
  if (conclusion == Conclusion::kTooShort) run.analysis.inconclusive_because = "too short";
  return run;
}

// What `make` leaves behind, one leaking server among it.
Fleet Tree() {
  Fleet fleet;
  for (int i = 0; i < 40; ++i)
    fleet.runs.push_back(Ended("cc1plus-with-a-name-that-goes-on-and-on-and-on", Conclusion::kTooShort, 1));
  for (int i = 0; i < 25; ++i) fleet.runs.push_back(Ended("sh", Conclusion::kClean, 30));
  fleet.runs.push_back(Ended("server", Conclusion::kFound));
  RankRuns(fleet);
  return fleet;
}

TEST(FleetReportTest, DozensOfProcessesStayReadable) {
  const std::string text = FleetText(Tree(), {});
  std::istringstream lines(text.substr(0, text.find("Program")));
  int count = 0;
  for (std::string line; std::getline(lines, line); ++count) EXPECT_LE(DisplayColumns(line), 80u) << line;
  EXPECT_LE(count, 14);
  EXPECT_THAT(text, HasSubstr("25 runs of sh"));
  EXPECT_THAT(text, HasSubstr("too short to tell"));
  EXPECT_THAT(text, HasSubstr(" 40"));
}

TEST(FleetReportTest, TheFastestGrowerIsFirstAndInDetail) {
  const Fleet fleet = Tree();
  EXPECT_EQ(fleet.runs.front().capture.process.program, "server");
  const std::string text = FleetText(fleet, {});
  EXPECT_LT(text.find("GROWS"), text.find("clean"));
  EXPECT_THAT(text, HasSubstr("#1 suspect"));
}

TEST(FleetReportTest, AFewCapturesHaveALineEach) {
  Fleet fleet;
  for (int i = 0; i < 3; ++i) fleet.runs.push_back(Ended("sh", Conclusion::kClean));
  EXPECT_THAT(FleetText(fleet, {}), Not(HasSubstr("runs of")));
}

TEST(FleetReportTest, JsonHasEveryCaptureAndWhatCouldNotBeRead) {
  Fleet fleet = Tree();
  fleet.unreadable.push_back("x.ltk: not a capture");
  const auto json = nlohmann::json::parse(FleetJson(fleet, 0));
  EXPECT_EQ(json["captures"].size(), 66u);
  EXPECT_EQ(json["captures"][0]["found"], true);
  EXPECT_EQ(json["captures"][1]["growth_bytes_per_hour"], nullptr);
  EXPECT_EQ(json["unreadable"].size(), 1u);
}

TEST(FleetReportTest, ShortLivedHelpersDoNotMakeAHealthyProgramInconclusive) {
  Fleet fleet;
  for (int i = 0; i < 30; ++i) fleet.runs.push_back(Ended("sh", Conclusion::kTooShort, 1));
  fleet.runs.push_back(Ended("server", Conclusion::kClean, 600));
  EXPECT_EQ(FleetConclusion(fleet), Conclusion::kClean);
  fleet.unreadable.push_back("x");
  EXPECT_EQ(FleetConclusion(fleet), Conclusion::kDataLost);
}

}  // namespace
}  // namespace leaktrack
