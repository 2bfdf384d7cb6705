// SPDX-License-Identifier: Apache-2.0
//
// `leaktrack report` from its arguments to its exit status, on captures of made runs.
#include <gmock/gmock.h>

#include <cstddef>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/commands/command_fixture.h"
#include "tools/report/formats.h"

namespace leaktrack {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using ::testing::AllOf;
using testing::Contents;
using ::testing::HasSubstr;
using testing::kChurningFunction;
using testing::kLeakingFunction;
using testing::Outcome;
using testing::RunTool;
using ::testing::StartsWith;

class ReportCommandTest : public testing::CommandTest {
 protected:
  // The JSON report, which must end with this status.
  static json Report(int exit, std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {"report", "--format", "json"});
    const Outcome outcome = RunTool(arguments);
    EXPECT_EQ(outcome.exit, exit) << outcome.err;
    return json::parse(outcome.out, nullptr, false);
  }
};

// The same growth, for twenty minutes and for two days.
TEST_F(ReportCommandTest, WhatGrowsIsNamedAndTheStatusIs3UntilItIsALeak) {
  const Outcome brief = RunTool({"report", Make({})});
  EXPECT_EQ(brief.exit, 3) << brief.out << brief.err;
  EXPECT_THAT(brief.out, StartsWith("GROWS"));
  EXPECT_THAT(brief.out.substr(0, brief.out.find('\n')), HasSubstr(kLeakingFunction));
  const Outcome outcome = RunTool({"report", Make({.seconds = 48 * 3600})});
  EXPECT_EQ(outcome.exit, 1) << outcome.out << outcome.err;
  EXPECT_THAT(outcome.out, StartsWith("LEAK"));
  EXPECT_THAT(outcome.out.substr(0, outcome.out.find('\n')), HasSubstr(kLeakingFunction));
  EXPECT_THAT(outcome.out, HasSubstr("program --port 80 (pid 4242 on testhost)"));
}

TEST_F(ReportCommandTest, ARunThatHoldsNothingIsClean) {
  const Outcome outcome = RunTool({"report", Make({.leaked_bytes = 0})});
  EXPECT_EQ(outcome.exit, 0) << outcome.out << outcome.err;
}

TEST_F(ReportCommandTest, ARunOfSecondsIsInconclusive) {
  const Outcome outcome = RunTool({"report", Make({.seconds = 5})});
  EXPECT_EQ(outcome.exit, 3) << outcome.out;
  EXPECT_THAT(outcome.out, StartsWith("UNCLEAR"));
}

TEST_F(ReportCommandTest, WhatCannotBeReadIsStatus2) {
  EXPECT_EQ(RunTool({"report", Path("none.ltk")}).exit, 2);
  const Outcome outcome = RunTool({"report", MakeNoCapture("x.ltk")});
  EXPECT_EQ(outcome.exit, 2);
  EXPECT_THAT(outcome.err, HasSubstr("x.ltk"));
}

TEST_F(ReportCommandTest, EachFormatWritesToAFileWhatItWritesToAPipe) {
  const std::string capture = Make({});
  setenv("COLUMNS", "80", 1);  // as wide as a file
  for (const ReportFormat& format : ReportFormats()) {
    const std::string file = Path(std::string("out.") + format.name);
    const Outcome piped = RunTool({"report", "--format", format.name, capture});
    const Outcome filed = RunTool({"report", "--format", format.name, "-o", file, capture});
    EXPECT_EQ(piped.exit, 3) << format.name << piped.err;
    EXPECT_EQ(filed.exit, 3) << format.name << filed.err;
    EXPECT_EQ(filed.out, "");
    EXPECT_EQ(Contents(file), piped.out) << format.name;
    EXPECT_FALSE(piped.out.empty()) << format.name;
  }
}

TEST_F(ReportCommandTest, OnlyThePageHasSourceAndOnlyWhereThatIsNotForbidden) {
  const std::string capture = Make({});
  const json report = Report(3, {capture});
  const std::string file = report["sites"][0]["blame"]["file"];
  if (!testing::HasSource(file)) GTEST_SKIP() << file << " is not here";
  const auto page_size = [&](std::vector<std::string> more) {
    more.insert(more.begin(), {"report", "--format", "html", "-o", Path("page"), capture});
    EXPECT_EQ(RunTool(more).exit, 3);
    return fs::file_size(Path("page"));
  };
  const size_t with = page_size({}), without = page_size({"--no-source"});
  EXPECT_GT(with, without + 100) << "the lines are packed into the page";
  EXPECT_FALSE(report.contains("sources"));
}

TEST_F(ReportCommandTest, SitesAreChosenAndWhatIsLeftOutIsSaidOnStandardError) {
  const std::string capture = Make({});
  const json all = Report(3, {capture});
  ASSERT_EQ(all["sites"].size(), 2u);
  const json one = Report(3, {"--top", "1", capture});
  ASSERT_EQ(one["sites"].size(), 1u);
  EXPECT_EQ(one["sites"][0]["blame"]["function"], kLeakingFunction);
  const Outcome filtered = RunTool({"report", "--format", "json", "--filter", "Churns*", capture});
  EXPECT_EQ(filtered.exit, 3) << "what grows does so though it is not shown";
  EXPECT_EQ(json::parse(filtered.out)["sites"][0]["blame"]["function"], kChurningFunction);
  EXPECT_THAT(filtered.err, HasSubstr("showing 1 of 2 sites (--filter Churns*)"));
  EXPECT_EQ(RunTool({"report", "--filter", "Churns*", capture}).err, "") << "text says it itself";
}

TEST_F(ReportCommandTest, ASiteIsFoundByTheNumberThatTheReportGives) {
  const std::string capture = Make({});
  const std::string text = RunTool({"report", capture}).out;
  const size_t at = text.find("\n  site ");
  ASSERT_NE(at, std::string::npos) << text;
  const std::string number = text.substr(text.find_first_of("0123456789", at));
  const json one = Report(3, {"--site", number.substr(0, number.find('\n')), capture});
  ASSERT_EQ(one["sites"].size(), 1u);
  EXPECT_EQ(one["sites"][0]["blame"]["function"], kLeakingFunction);
}

TEST_F(ReportCommandTest, SeveralCapturesAreOneReportAndABadOneHidesNone) {
  Make({.pid = 1, .run_id = 1}, "captures");
  Make({.pid = 2, .run_id = 2, .leaked_bytes = 0}, "captures");
  MakeNoCapture("captures/h.p.3.0000000000000003.ltk");
  const Outcome outcome = RunTool({"report", Path("captures")});
  EXPECT_EQ(outcome.exit, 3);
  EXPECT_THAT(outcome.out, AllOf(HasSubstr(kLeakingFunction), HasSubstr("h.p.3.")));
}

TEST_F(ReportCommandTest, WhatIsOfOneCaptureIsRefusedForSeveral) {
  Make({.pid = 1, .run_id = 1}, "captures");
  Make({.pid = 2, .run_id = 2}, "captures");
  const Outcome pprof = RunTool({"report", "--format", "pprof", "-o", Path("x"), Path("captures")});
  EXPECT_EQ(pprof.exit, 2);
  EXPECT_THAT(pprof.err, HasSubstr("--format pprof shows one capture; "));
  EXPECT_FALSE(fs::exists(Path("x")));
  const Outcome site = RunTool({"report", "--site", "1", Path("captures")});
  EXPECT_EQ(site.exit, 2);
  EXPECT_THAT(site.err, HasSubstr("--site takes a number of one capture; "));
}

TEST_F(ReportCommandTest, AResultNeverReplacesItsCapture) {
  const std::string capture = Make({.seconds = 60});
  const std::string before = Contents(capture);
  EXPECT_EQ(RunTool({"report", "-o", capture, capture}).exit, 2);
  EXPECT_EQ(Contents(capture), before);
}

TEST_F(ReportCommandTest, TheLastPartOfARunIsJudgedAlone) {
  const json part = Report(3, {"--since", "10m", Make({})});
  EXPECT_FALSE(part["window"].is_null());
  EXPECT_TRUE(Report(3, {Make({})})["window"].is_null());
  const Outcome bad = RunTool({"report", "--since", "soon", Make({})});
  EXPECT_EQ(bad.exit, 2);
}

TEST_F(ReportCommandTest, ALimitDecidesTheStatusOfTheProcess) {
  const json tight = Report(3, {"--limit", "1MiB", Make({})});
  EXPECT_EQ(tight["process"]["limit_bytes"], 1 << 20);
  EXPECT_EQ(tight["process"]["limit_kind"], "option");
  EXPECT_EQ(tight["process"]["status"], "ok") << "it has ended: nothing can be warned of";
}

TEST_F(ReportCommandTest, AWrapperIsNotBlamed) {
  testing::Write(Path("wrappers"), std::string("# ours\n") + kLeakingFunction + "\n");
  const json report = Report(3, {"--wrapper-file", Path("wrappers"), Make({})});
  EXPECT_FALSE(report["sites"].empty());
}

TEST_F(ReportCommandTest, NothingIsRememberedWhereThatIsNotWanted) {
  const std::string capture = Make({.leaked_bytes = 0});
  EXPECT_EQ(RunTool({"report", "--no-history", capture}).exit, 0);
  EXPECT_FALSE(fs::exists(Path(".local/state/leaktrack/plateaus")));
  EXPECT_EQ(RunTool({"report", "--history", Path("memory"), capture}).exit, 0);
  EXPECT_FALSE(fs::exists(Path(".local/state/leaktrack/plateaus")));
}

}  // namespace
}  // namespace leaktrack
