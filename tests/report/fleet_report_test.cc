// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <initializer_list>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "tests/report/sample_input.h"
#include "tools/base/safe_text.h"
#include "tools/report/input/fleet.h"
#include "tools/report/json/fleet_json.h"
#include "tools/report/text/fleet_text.h"
#include "tools/report/words/shared_limit.h"

namespace leaktrack {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

ReportInput Ended(const std::string& program, Conclusion conclusion, double seconds = 20) {
  ReportInput run = testing::LeakingInput();
  run.capture.process.program = program;
  run.analysis.conclusion = conclusion;
  run.analysis.duration_seconds = seconds;
  if (conclusion != Conclusion::kFound) {
    run.analysis.sites.clear();
    run.analysis.total_growth.reset();
  }
  if (conclusion == Conclusion::kTooShort) run.analysis.doubts = {Doubt::kRunTooShort, 0, 1};
  return run;
}

// What `make` leaves behind, with one leaking server in it.
Fleet Tree() {
  Fleet fleet;
  for (int i = 0; i < 40; ++i)
    fleet.runs.push_back(
        Ended("cc1plus-with-a-name-that-goes-on-and-on-and-on", Conclusion::kTooShort, 1));
  for (int i = 0; i < 25; ++i) fleet.runs.push_back(Ended("sh", Conclusion::kClean, 30));
  fleet.runs.push_back(Ended("server", Conclusion::kFound));
  RankRuns(fleet);
  return fleet;
}

TEST(FleetReportTest, DozensOfProcessesStayReadable) {
  const std::string text = FleetText(Tree(), {});
  std::istringstream lines(text.substr(0, text.find("Program")));
  int count = 0;
  for (std::string line; std::getline(lines, line); ++count)
    EXPECT_LE(DisplayColumns(line), 80u) << line;
  EXPECT_LE(count, 21);
  EXPECT_THAT(text, HasSubstr("25 runs of sh"));
  EXPECT_THAT(text, HasSubstr("too short to tell"));
  EXPECT_THAT(text, HasSubstr(" 40"));
}

TEST(FleetReportTest, TheFastestGrowerIsFirstAndInDetail) {
  const Fleet fleet = Tree();
  EXPECT_EQ(fleet.runs.front().capture.process.program, "server");
  const std::string text = FleetText(fleet, {});
  EXPECT_LT(text.find("LEAK?"), text.find("  OK "));
  EXPECT_THAT(text, HasSubstr("#1 suspect"));
}

TEST(FleetReportTest, WhereNothingGrowsTheLargestIsInDetail) {
  Fleet fleet;
  fleet.runs.push_back(Ended("wrapper", Conclusion::kClean, 61));
  fleet.runs.back().analysis.memory.rss_bytes = 4 << 20;
  fleet.runs.push_back(Ended("server", Conclusion::kClean, 60));
  fleet.runs.back().analysis.memory.rss_bytes = 400 << 20;
  RankRuns(fleet);
  EXPECT_EQ(fleet.runs.front().capture.process.program, "server");
  EXPECT_THAT(FleetText(fleet, {}), HasSubstr("2 captures, the largest first"));
}

TEST(FleetReportTest, AFewCapturesHaveALineEach) {
  Fleet fleet;
  for (int i = 0; i < 3; ++i) fleet.runs.push_back(Ended("sh", Conclusion::kClean));
  EXPECT_THAT(FleetText(fleet, {}), Not(HasSubstr("runs of")));
}

TEST(FleetReportTest, WorkersAreCalledByTheirTitlesOrTheirParents) {
  Fleet fleet;
  for (uint32_t i = 0; i < 3; ++i) {
    ReportInput run = Ended("nginx", Conclusion::kClean);
    run.capture.process.command =
        i == 0 ? "nginx: master process nginx -q" : "nginx: worker process";
    fleet.runs.push_back(run);
    run = Ended("apache2", Conclusion::kClean);
    run.capture.process.command = "apache2 -DFOREGROUND";
    run.capture.process.run_id = 100 + i;
    run.capture.process.parent_run_id = i == 0 ? 0 : 100;
    run.capture.process.parent_pid = i == 0 ? 1 : 4711;
    fleet.runs.push_back(run);
  }
  const std::string text = FleetText(fleet, {.columns = 120});
  for (const char* name : {" nginx: worker process", " nginx: master process nginx -q",
                           " apache2 (parent of 2)", " apache2 (forked by 4711)"}) {
    EXPECT_THAT(text, HasSubstr(name));
  }
}

TEST(FleetReportTest, WhoFillsTheSameLimitAtTheSameTimeIsSaid) {
  Fleet fleet;
  for (uint32_t i = 0; i < 4; ++i) {
    ReportInput run = Ended("worker", Conclusion::kFound);
    run.capture.process.pid = 10 + i;
    run.capture.process.limit_id = i == 3 ? 8 : 7;  // the last one is of another cgroup
    // The third ran on another day.
    run.capture.process.start_realtime_ns = int64_t{i == 2} * 86'400'000'000'000;
    run.capture.duration_ms = 60'000;
    run.analysis.process.limit_kind = LimitKind::kCgroup;
    run.analysis.process.limit_bytes = 1 << 30;
    run.analysis.process.used_fraction = .5;
    fleet.runs.push_back(run);
  }
  NoteSharedLimits(fleet.runs);
  EXPECT_THAT(TextReport(fleet.runs[0], {}),
              HasSubstr("shared with 1 other process that was captured (pid 11)"));
  EXPECT_EQ(fleet.runs[1].sharers.pids, std::vector<uint32_t>{10});
  EXPECT_EQ(SharedLimitText(fleet.runs[2]), "");
  EXPECT_EQ(SharedLimitText(fleet.runs[3]), "");
  EXPECT_EQ(nlohmann::json::parse(FleetJson(fleet, 0))["process"]["limit_shared_with"],
            nlohmann::json::array({11}));
}

TEST(FleetReportTest, OnlyWhatLivesIsFullSomeDay) {
  Fleet fleet;
  fleet.runs = {Ended("server", Conclusion::kFound)};
  fleet.runs[0].analysis.process.seconds_mid = 7200;
  EXPECT_THAT(FleetText(fleet, {}), Not(HasSubstr(" 2h ")));
  fleet.runs[0].capture.running = true;
  EXPECT_THAT(FleetText(fleet, {}), HasSubstr(" 2h "));
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

TEST(FleetReportTest, TheHeadlineAgreesWithTheConclusionOfAll) {
  Fleet fleet;
  fleet.runs = {Ended("sh", Conclusion::kTooShort, 1), Ended("server", Conclusion::kClean, 600)};
  fleet.runs[0].analysis.process.status = Status::kWarning;  // of a machine that is nearly full
  RankRuns(fleet);
  EXPECT_THAT(FleetText(fleet, {}), StartsWith("OK "));
  fleet.unreadable.push_back("x.ltk: not a capture");
  EXPECT_THAT(FleetText(fleet, {}), StartsWith("UNCLEAR 1 capture could not be read; of the "));
  fleet.runs.push_back(Ended("worker", Conclusion::kDataLost, 5));
  RankRuns(fleet);
  EXPECT_EQ(fleet.runs.front().analysis.conclusion, Conclusion::kDataLost);
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
