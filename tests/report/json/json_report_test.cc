// SPDX-License-Identifier: Apache-2.0
//
// The names of schema 1. A failure here is a broken promise to somebody's script.
#include "tools/report/json/json_report.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <vector>

#include "tests/report/sample_input.h"

namespace leaktrack {
namespace {

using nlohmann::json;

void ExpectNames(const json& object, const std::vector<std::string>& names) {
  for (const std::string& name : names) EXPECT_TRUE(object.contains(name)) << name;
}

const std::vector<std::string> kFrame = {"function", "file",   "line",   "module",
                                         "build_id", "offset", "inlined"};

TEST(JsonReportTest, HoldsEveryNameOfTheSchema) {
  const json report = json::parse(JsonReport(testing::LeakingInput(), 0));
  EXPECT_EQ(report["schema"], 1);
  ExpectNames(report, {"process", "memory", "coverage", "sites"});
  ExpectNames(report["process"],
              {"command", "pid", "run_id", "start_time", "duration_seconds", "end", "limit_bytes",
               "limit_kind", "status", "seconds_to_limit"});
  ExpectNames(report["process"]["seconds_to_limit"], {"low", "mid", "high"});
  ExpectNames(report["memory"], {"rss_bytes", "live_heap_bytes", "retained_bytes", "mapped_bytes",
                                 "stack_bytes", "explained_fraction", "class"});
  ExpectNames(report["coverage"],
              {"interval_bytes", "samples_total", "samples_live", "thinned", "lost_allocations",
               "lost_frees", "truncated_stacks", "detectable_bytes_per_hour", "epochs_lost",
               "recorder", "hooks"});
  ExpectNames(report["coverage"]["interval_bytes"], {"now", "min", "max"});
  ExpectNames(report["coverage"]["hooks"][0], {"name", "state"});
  const json& site = report["sites"][0];
  ExpectNames(site, {"rank",
                     "verdict",
                     "state",
                     "trend",
                     "late_onset_seconds",
                     "live_bytes",
                     "live_bytes_error",
                     "live_objects",
                     "growth_bytes_per_hour",
                     "growth_low",
                     "growth_high",
                     "leak_probability",
                     "grows",
                     "decided_by_seconds",
                     "q_value",
                     "doubling_seconds",
                     "oldest_seconds",
                     "evidence",
                     "settle",
                     "blame",
                     "stack"});
  ExpectNames(site["blame"], kFrame);
  ExpectNames(site["stack"][0], kFrame);
}

TEST(JsonReportTest, HoldsEveryNameThatWasAddedToIt) {
  const json report = json::parse(JsonReport(testing::LeakingInput(), 0));
  ExpectNames(report["process"],
              {"used_fraction", "headroom_bytes", "limit_odds", "growth_bytes_per_hour",
               "measured_growth", "warming_up", "end_evidence", "cgroup"});
  ExpectNames(report["memory"],
              {"because", "advice", "anonymous_bytes", "file_bytes", "shared_bytes", "swap_bytes",
               "unexplained_bytes", "threads", "allocator", "resident_per_live_byte",
               "growth_bytes_per_hour", "parts", "untouched_bytes", "threads_growth_per_hour",
               "thread_starter"});
  ExpectNames(report["memory"]["allocator"], {"name", "in_use_bytes", "free_bytes", "arenas"});
  ExpectNames(report["memory"]["growth_bytes_per_hour"],
              {"rss", "live_heap", "retained", "mapped", "unexplained", "untouched", "unplaced"});
  ExpectNames(report["sites"][0],
              {"kind", "stacks_joined", "stack_is_shared_part", "stack_truncated", "born_bytes",
               "leaked_share", "freed_at_exit", "sawtooth", "steps", "plateau", "lift", "family"});
}

TEST(JsonReportTest, TheForecastAndTheAccountHaveTheirFigures) {
  ReportInput input = testing::LeakingInput();
  input.capture.running = true;
  input.analysis.process.seconds_low = 10;
  input.analysis.process.seconds_mid = 20;
  input.analysis.process.odds = {{3600, .25}};
  input.analysis.memory.retained_bytes = 1024;
  input.analysis.memory.allocator = capture::Allocator::kGlibc;
  input.analysis.memory.rss_growth = Rate{5, 4, 6};
  input.analysis.memory.advice = {{AdviceKind::kTrim, 0, ""}};
  const json report = json::parse(JsonReport(input, 0));
  EXPECT_EQ(report["process"]["seconds_to_limit"]["mid"], 20);
  // Null means never, in one draw of ten.
  EXPECT_TRUE(report["process"]["seconds_to_limit"]["high"].is_null());
  EXPECT_EQ(report["process"]["limit_odds"][0]["probability"], .25);
  EXPECT_EQ(report["memory"]["retained_bytes"], 1024);
  EXPECT_EQ(report["memory"]["allocator"]["name"], "glibc");
  EXPECT_EQ(report["memory"]["growth_bytes_per_hour"]["rss"]["low"], 4);
  EXPECT_NE(report["memory"]["advice"][0].get<std::string>().find("malloc_trim(0)"),
            std::string::npos);
}

TEST(JsonReportTest, AnOomKillIsToldWithItsProofAndTheCgroupOfTheProcess) {
  ReportInput input = testing::LeakingInput();
  input.capture.process.cgroup = "/pod/app";
  input.capture.process.limiting_cgroup = "/pod";
  input.analysis.process.limit_kind = LimitKind::kCgroup;
  input.analysis.process.limit_bytes = 300 << 20;
  input.capture.oom_kill =
      capture::OomKill{capture::OomWitness::kKernelLog, capture::OomScope::kGroup, "/pod",
                       300 << 20, 1'700'000'000'500'000'000};
  const json process = json::parse(JsonReport(input, 0))["process"];
  EXPECT_EQ(process["end"], "oom_killed");
  EXPECT_EQ(process["end_evidence"], (json{{"by", "kernel_log"},
                                           {"scope", "group"},
                                           {"cgroup", "/pod"},
                                           {"limit_bytes", 300 << 20},
                                           {"time", 1'700'000'000.5}}));
  EXPECT_EQ(process["cgroup"]["path"], "/pod/app");
  EXPECT_EQ(process["cgroup"]["level"], "/pod");
  EXPECT_EQ(process["cgroup"]["limit_bytes"], 300 << 20);
  EXPECT_TRUE(process["cgroup"]["outside_processes"].is_null());
}

TEST(JsonReportTest, ThePartsOfMemoryHaveTheirSizesAndGrowth) {
  ReportInput input = testing::LeakingInput();
  input.analysis.memory.parts = {{MemoryPartKind::kLiveHeap, 70, Rate{5, 4, 6}},
                                 {MemoryPartKind::kRest, 30, {}}};
  input.analysis.memory.thread_starter = ThreadStarter{7, 42};
  const json memory = json::parse(JsonReport(input, 0))["memory"];
  EXPECT_EQ(memory["parts"][0]["name"], "live_heap");
  EXPECT_EQ(memory["parts"][0]["growth_bytes_per_hour"]["low"], 4);
  EXPECT_EQ(memory["parts"][1]["bytes"], 30);
  EXPECT_TRUE(memory["parts"][1]["growth_bytes_per_hour"].is_null());
  EXPECT_EQ(memory["thread_starter"], (json{{"site", 7}, {"threads", 42}}));
}

TEST(JsonReportTest, AProcessThatHasEndedHasNoForecastAndNothingToWarnOf) {
  ReportInput input = testing::LeakingInput();
  input.analysis.process.seconds_mid = 20;
  input.analysis.process.odds = {{3600, .25}};
  input.analysis.process.status = Status::kOomImminent;
  const json process = json::parse(JsonReport(input, 0))["process"];
  EXPECT_TRUE(process["seconds_to_limit"]["mid"].is_null());
  EXPECT_TRUE(process["limit_odds"].is_null());
  EXPECT_EQ(process["status"], "ok");
}

TEST(JsonReportTest, TheConclusionIsTheWorstOfAllSitesAndGrowthThatIsMeasuredHasItsFigures) {
  ReportInput input = testing::LeakingInput();
  EXPECT_EQ(json::parse(JsonReport(input, 0))["conclusion"], "suspect");
  input.analysis.sites[0].verdict = Verdict::kLeak;
  EXPECT_EQ(json::parse(JsonReport(input, 0))["conclusion"], "leak");
  input.analysis.conclusion = Conclusion::kGrows;
  input.analysis.measured_growth = MeasuredGrowth{GrowingSum::kHeap, {5, 4, 6}, 100, 3, true};
  const json report = json::parse(JsonReport(input, 0));
  EXPECT_EQ(report["conclusion"], "grows");
  EXPECT_EQ(report["process"]["measured_growth"]["of"], "heap");
  EXPECT_EQ(report["process"]["measured_growth"]["bytes_per_hour"]["low"], 4);
  EXPECT_EQ(report["process"]["measured_growth"]["goes_on"], true);
}

TEST(JsonReportTest, GivesTheFiguresAndNullForWhatIsNotKnown) {
  const json report = json::parse(JsonReport(testing::LeakingInput(), 0));
  EXPECT_EQ(report["process"]["end"], "killed");
  EXPECT_TRUE(report["process"]["limit_bytes"].is_null());
  EXPECT_TRUE(report["process"]["end_evidence"].is_null());
  EXPECT_TRUE(report["process"]["cgroup"].is_null());
  EXPECT_TRUE(report["memory"]["rss_bytes"].is_null());
  EXPECT_TRUE(report["memory"]["parts"].is_null());
  EXPECT_TRUE(report["memory"]["retained_bytes"].is_null());
  const json& site = report["sites"][0];
  EXPECT_EQ(site["rank"], 1);
  EXPECT_EQ(site["verdict"], "suspect");
  EXPECT_EQ(site["trend"], "linear");
  EXPECT_EQ(site["live_bytes"], 9000000);
  EXPECT_EQ(site["leak_probability"], .87);
  EXPECT_EQ(site["grows"], true);
  EXPECT_EQ(site["decided_by_seconds"], 5400);
  EXPECT_EQ(site["blame"]["line"], 41);
  EXPECT_TRUE(site["doubling_seconds"].is_null());
}

TEST(JsonReportTest, BytesThatAreNotUtf8DoNotBreakIt) {
  ReportInput input = testing::LeakingInput();
  input.capture.process.command = "bad \xff\xfe name";
  EXPECT_NO_THROW(json::parse(JsonReport(input, 0)));
}

TEST(JsonReportTest, PutTogetherSiteBySiteItIsTheTextOfTheWhole) {
  ReportInput none = testing::LeakingInput(), some = none;
  none.analysis.sites.clear();
  some.analysis.sites.push_back(some.analysis.sites[0]);
  some.analysis.sites[1].stack = {};
  some.analysis.sites.push_back(some.analysis.sites[0]);
  some.analysis.sites[2].stack.Change(
      [](auto& frames) { frames[1].function = "a\n\"b\\n\xff\x1b"; });
  for (const ReportInput* input : {&none, &some}) {
    const std::string text = JsonReport(*input, 0);
    EXPECT_EQ(nlohmann::ordered_json::parse(text).dump(2, ' ', true) + "\n", text);
  }
}

TEST(JsonReportTest, TopCutsTheListOfSites) {
  ReportInput input = testing::LeakingInput();
  input.analysis.sites.resize(5, input.analysis.sites[0]);
  EXPECT_EQ(json::parse(JsonReport(input, 2))["sites"].size(), 2u);
  EXPECT_EQ(json::parse(JsonReport(input, 0))["sites"].size(), 5u);
}

}  // namespace
}  // namespace leaktrack
