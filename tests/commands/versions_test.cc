// SPDX-License-Identifier: Apache-2.0
//
// `diff`, `gate` and `merge`: several captures, one answer.
#include <gmock/gmock.h>

#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "tests/commands/command_fixture.h"
#include "tools/commands/gate_files.h"
#include "tools/commands/gate_runs.h"

namespace leaktrack {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using ::testing::AllOf;
using testing::Contents;
using ::testing::HasSubstr;
using testing::kLeakingFunction;
using testing::Outcome;
using testing::RunTool;
using ::testing::SizeIs;
using ::testing::StartsWith;

class VersionsTest : public testing::CommandTest {
 protected:
  // Three runs of a version that leaks so much.
  std::string Version(const std::string& name, uint64_t leaked_bytes) const {
    for (uint32_t i = 1; i <= 3; ++i) {
      Make({.pid = i, .run_id = run_id_++, .leaked_bytes = leaked_bytes},
           name + "/run-" + std::to_string(i));
    }
    return Path(name);
  }
  mutable uint64_t run_id_ = 1;
};

// ---- diff

TEST_F(VersionsTest, AVersionThatLeaksMoreIsARegression) {
  const std::string before = Version("before", 0), after = Version("after", 1000);
  const Outcome worse = RunTool({"diff", "--at-exit", before, after});
  EXPECT_EQ(worse.exit, 1) << worse.out << worse.err;
  EXPECT_THAT(worse.out, HasSubstr(kLeakingFunction));
  const Outcome better = RunTool({"diff", "--at-exit", after, before});
  EXPECT_EQ(better.exit, 0) << better.out << better.err;
}

TEST_F(VersionsTest, ADifferenceThatIsSmallerThanAskedForIsNone) {
  const std::string before = Version("before", 0), after = Version("after", 1000);
  EXPECT_EQ(RunTool({"diff", "--at-exit", "--min-bytes", "1GiB", before, after}).exit, 0);
}

TEST_F(VersionsTest, EachFormatOfADiffIsWritten) {
  const std::string before = Version("before", 0), after = Version("after", 1000);
  const auto write = [&](const char* format) {
    EXPECT_EQ(
        RunTool({"diff", "--at-exit", "--format", format, "-o", Path(format), before, after}).exit,
        1);
    return Contents(Path(format));
  };
  EXPECT_TRUE(json::parse(write("json")).is_object());
  EXPECT_THAT(write("html"), AllOf(StartsWith("<!doctype html>"), HasSubstr(before)));
  EXPECT_THAT(write("text"), HasSubstr(kLeakingFunction));
}

TEST_F(VersionsTest, TwoProgramsAreNotTwoVersions) {
  const std::string one = Make({.program = "one"}, "a"), two = Make({.program = "two"}, "b");
  const Outcome outcome = RunTool({"diff", one, two});
  EXPECT_EQ(outcome.exit, 2);
  EXPECT_THAT(outcome.err, HasSubstr("different programs: "));
}

// ---- gate

TEST_F(VersionsTest, ANewLeakFailsAndABaselineMakesItKnown) {
  const std::string runs = Version("runs", 1000), baseline = Path("leaks.txt");
  const Outcome fresh = RunTool({"gate", "--at-exit=all", runs});
  EXPECT_EQ(fresh.exit, 1) << fresh.out << fresh.err;
  EXPECT_THAT(fresh.out, AllOf(StartsWith("gate: FAIL"), HasSubstr(kLeakingFunction)));
  EXPECT_THAT(fresh.err, HasSubstr("leaktrack: gate judged 3 runs in "));
  const Outcome made =
      RunTool({"gate", "--at-exit=all", "--baseline", baseline, "--update-baseline", runs});
  EXPECT_EQ(made.exit, 0) << "what the baseline then holds passes: " << made.out << made.err;
  EXPECT_THAT(made.err, HasSubstr("made the baseline "));
  const Outcome known = RunTool({"gate", "--at-exit=all", "--baseline", baseline, runs});
  EXPECT_EQ(known.exit, 0) << known.out << known.err;
}

TEST_F(VersionsTest, ABaselineIsRenewedWhereItWasRead) {
  const std::string runs = Version("runs", 1000), baseline = Path("leaks.txt");
  RunTool({"gate", "--at-exit=all", "--write-baseline", baseline, runs});
  const std::string first = Contents(baseline);
  fs::create_symlink("leaks.txt", Path("link"));
  const Outcome outcome = RunTool(
      {"gate", "--at-exit=all", "--baseline", baseline, "--write-baseline", Path("link"), runs});
  EXPECT_EQ(outcome.exit, 0) << outcome.err;
  EXPECT_TRUE(fs::is_symlink(Path("link")));
  EXPECT_EQ(Contents(baseline), first);
}

TEST_F(VersionsTest, ABaselineThatCannotBeRenewedIsRefusedBeforeTheWork) {
  const Outcome outcome =
      RunTool({"gate", "--baseline", "/proc/self/limits", "--update-baseline", Version("runs", 0)});
  EXPECT_EQ(outcome.exit, 2);
  EXPECT_EQ(outcome.out, "");
  EXPECT_THAT(outcome.err, HasSubstr("/proc/self/limits: cannot be renewed: /proc/"));
}

TEST_F(VersionsTest, LimitsComeFromOptionsAndFilesAndTheOptionGoesFirst) {
  const std::string runs = Version("runs", 1000), baseline = Path("leaks.txt");
  RunTool({"gate", "--at-exit=all", "--write-baseline", baseline, runs});
  const std::vector<std::string> gate{"gate", "--at-exit=all", "--baseline", baseline, runs};
  const auto with = [&gate](std::vector<std::string> more) {
    more.insert(more.begin(), gate.begin(), gate.end());
    const Outcome outcome = RunTool(more);
    return std::pair(outcome.exit, outcome.out);
  };
  EXPECT_EQ(with({"--max-total", "1GiB"}).first, 0);
  EXPECT_EQ(with({"--max-total", "1KiB"}).first, 1);
  EXPECT_EQ(with({"--max-site", "1KiB"}).first, 1);
  testing::Write(Path("limits.toml"), "max-total = \"1KiB\"\n");
  EXPECT_EQ(with({"--limits", Path("limits.toml")}).first, 1);
  EXPECT_EQ(with({"--limits", Path("limits.toml"), "--max-total", "1GiB"}).first, 0);
}

TEST_F(VersionsTest, SuppressionsAreReadFromFiles) {
  const std::string runs = Version("runs", 1000);
  testing::Write(Path("ours"), std::string("leak:") + kLeakingFunction + "\n");
  EXPECT_EQ(RunTool({"gate", "--at-exit=all", "--suppressions", Path("ours"), runs}).exit, 0);
  testing::Write(Path("more"), "leak:NothingOfThisName\n");
  EXPECT_EQ(RunTool({"gate", "--at-exit=all", "--suppressions", Path("more"), "--suppressions",
                     Path("ours"), runs})
                .exit,
            0)
      << "the option may be repeated";
  testing::Write(Path("bad"), "what is this\n");
  EXPECT_EQ(RunTool({"gate", "--at-exit=all", "--suppressions", Path("bad"), runs}).exit, 2);
}

TEST_F(VersionsTest, EachResultForACiSystemIsWritten) {
  const std::string runs = Version("runs", 1000);
  setenv("GITHUB_STEP_SUMMARY", Path("summary.md").c_str(), 1);
  const Outcome outcome = RunTool({"gate", "--at-exit=all", "--junit", Path("junit"), "--sarif",
                                   Path("sarif"), "--gitlab", Path("gitlab"), "--github",
                                   "--format", "json", "--source-root", directory_, runs});
  EXPECT_EQ(outcome.exit, 1) << outcome.err;
  EXPECT_THAT(Contents(Path("junit")), HasSubstr("<testsuite"));
  EXPECT_EQ(json::parse(Contents(Path("sarif")))["version"], "2.1.0");
  EXPECT_TRUE(json::parse(Contents(Path("gitlab"))).is_array());
  EXPECT_THAT(Contents(Path("summary.md")), HasSubstr(kLeakingFunction));
  EXPECT_THAT(outcome.out, HasSubstr("::error"));
}

TEST_F(VersionsTest, TwoResultsInOneFileAreRefusedBeforeTheWork) {
  const std::string runs = Version("runs", 0);
  const Outcome outcome = RunTool({"gate", "--junit", Path("x"), "--sarif", Path("x"), runs});
  EXPECT_EQ(outcome.exit, 2);
  EXPECT_EQ(outcome.out, "");
}

TEST_F(VersionsTest, WhatAnInconclusiveResultIsCanBeSaid) {
  const std::string broken = Make({.seconds = 60, .leaked_bytes = 0, .ends = false}, "broken");
  const auto exit = [&](const char* choice) {
    return RunTool({"gate", "--inconclusive", choice, broken}).exit;
  };
  EXPECT_EQ(RunTool({"gate", broken}).exit, 3);
  EXPECT_EQ(exit("3"), 3);
  EXPECT_EQ(exit("pass"), 0);
  EXPECT_EQ(exit("fail"), 1);
}

TEST_F(VersionsTest, ADirectoryStandsForRunsOrForTheProcessesOfOne) {
  const std::string runs = Version("runs", 1000);
  const auto several = CapturesOfRuns(runs);
  ASSERT_TRUE(several.ok());
  EXPECT_THAT(*several, SizeIs(3));
  Make({.pid = 1, .run_id = 21}, "tree");
  Make({.pid = 2, .run_id = 22}, "tree");
  EXPECT_THAT(*CapturesOfRuns(Path("tree")), SizeIs(1));
  Suppressions none;
  const LoadOptions at_exit{CountMode::kAtExit, {}, &none, false};
  const auto tree = LoadRuns(Path("tree"), at_exit);
  ASSERT_TRUE(tree.ok()) << tree.status();
  ASSERT_THAT(*tree, SizeIs(1));
  const auto one = LoadRuns(Path("runs/run-1"), at_exit);
  ASSERT_TRUE(one.ok());
  ASSERT_THAT(tree->front().leaks, SizeIs(1)) << "one site in both processes";
  EXPECT_EQ(tree->front().leaks[0].bytes, 2 * one->front().leaks[0].bytes);
}

TEST_F(VersionsTest, FilesOfAGateThatAreNotNamedAreNeitherReadNorWritten) {
  EXPECT_TRUE(ReadLimits({}).ok() && ReadBaseline({}).ok());
  EXPECT_TRUE(CheckResultFiles({}, {}).ok());
  GateFiles files;
  files.limits = Path("limits.toml");
  testing::Write(files.limits, "max-everything = 1\n");
  EXPECT_THAT(std::string(ReadLimits(files).status().message()), HasSubstr("limits.toml:1"));
}

// ---- merge

TEST_F(VersionsTest, AFleetIsSummedUpByProgram) {
  Version("fleet", 1000);
  Make({.pid = 9, .run_id = 99, .leaked_bytes = 0, .program = "worker"}, "fleet/deep/below");
  const Outcome text = RunTool({"merge", Path("fleet")});
  EXPECT_EQ(text.exit, 3) << text.out << text.err;
  EXPECT_THAT(text.out, HasSubstr(kLeakingFunction));
  const Outcome written =
      RunTool({"merge", "--format", "json", "-o", Path("fleet.json"), Path("fleet")});
  EXPECT_EQ(written.exit, 3);
  const json programs = json::parse(Contents(Path("fleet.json")))["programs"];
  ASSERT_THAT(programs, SizeIs(1)) << "one program file, whatever its processes are called";
  EXPECT_EQ(programs[0]["runs"], 4);
  EXPECT_EQ(programs[0]["sites"][0]["runs"], 3);
}

TEST_F(VersionsTest, ACaptureThatCannotBeReadIsCountedAndMakesTheSumInconclusive) {
  Make({.leaked_bytes = 0}, "fleet");
  EXPECT_EQ(RunTool({"merge", Path("fleet")}).exit, 0);
  MakeNoCapture("fleet/bad.ltk");
  const Outcome outcome = RunTool({"merge", Path("fleet")});
  EXPECT_EQ(outcome.exit, 3);
  EXPECT_THAT(outcome.out, HasSubstr("bad.ltk"));
}

TEST_F(VersionsTest, NothingToSumUpIsAnError) {
  EXPECT_THAT(RunTool({"merge", directory_}).err, HasSubstr("no capture (*.ltk) here or below"));
  EXPECT_EQ(RunTool({"merge", directory_}).exit, 2);
  EXPECT_EQ(RunTool({"merge", Path("none.ltk")}).exit, 2);
}

}  // namespace
}  // namespace leaktrack
