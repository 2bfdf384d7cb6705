// SPDX-License-Identifier: Apache-2.0
//
// The tool from outside: what it prints and how it exits when it is given nonsense.
#include <gmock/gmock.h>
#include <sys/wait.h>

#include <cstdio>
#include <fstream>
#include <initializer_list>
#include <string>

#include "tests/commands/command_fixture.h"

namespace leaktrack {
namespace {

using ::testing::HasSubstr;

struct Outcome {
  int exit = -1;
  std::string text;  // both streams
};

Outcome Tool(const std::string& arguments) {
  Outcome outcome;
  FILE* const pipe = popen((std::string(LEAKTRACK_TOOL) + " " + arguments + " 2>&1").c_str(), "r");
  char buffer[4096];
  for (size_t got; (got = fread(buffer, 1, sizeof(buffer), pipe)) > 0;)
    outcome.text.append(buffer, got);
  outcome.exit = WEXITSTATUS(pclose(pipe));
  return outcome;
}

using CommandLineTest = testing::CommandTest;

TEST_F(CommandLineTest, AnUnknownCommandIsNamedAndSoAreTheKnownOnes) {
  for (const char* arguments : {"nonsense", "nonsense --help x", ""}) {
    const Outcome outcome = Tool(arguments);
    EXPECT_EQ(outcome.exit, 2);
    EXPECT_THAT(
        outcome.text,
        HasSubstr(
            "run, report, triage, top, serve, look, merge, push, diff, gate, seal, doctor, dump"));
    EXPECT_THAT(outcome.text,
                HasSubstr(*arguments != 0 ? "'nonsense' is not a command" : "no command is given"));
  }
}
TEST_F(CommandLineTest, TheUsageOfRunShowsWhereTheCommandGoes) {
  EXPECT_THAT(Tool("run --help").text, HasSubstr("Usage: leaktrack run [OPTIONS] -- COMMAND"));
}
TEST_F(CommandLineTest, AnUnknownOptionIsTheToolsFailure) {
  EXPECT_EQ(Tool("report --nonsense x").exit, 2);
}
TEST_F(CommandLineTest, AnUnknownFormatIsTheToolsFailure) {
  const Outcome outcome = Tool("report --format nonsense x");
  EXPECT_EQ(outcome.exit, 2);
  EXPECT_THAT(outcome.text, HasSubstr("--format: nonsense not in"));
}
TEST_F(CommandLineTest, RunWithoutACommandIsTheToolsFailure) { EXPECT_EQ(Tool("run --").exit, 2); }
TEST_F(CommandLineTest, ExactAndAnIntervalExcludeEachOther) {
  EXPECT_EQ(Tool("run --exact --interval 64KiB -- true").exit, 2);
}
TEST_F(CommandLineTest, AnIntervalThatIsNoSizeIsRefused) {
  EXPECT_EQ(Tool("run --interval many -- true").exit, 2);
}

TEST_F(CommandLineTest, EveryCommandHasHelp) {
  for (const char* command : {"", "run", "report", "dump"}) {
    const Outcome outcome = Tool(std::string(command) + " --help");
    EXPECT_EQ(outcome.exit, 0) << command;
    EXPECT_THAT(outcome.text, HasSubstr("leaktrack")) << command;
  }
}

TEST_F(CommandLineTest, AMissingCaptureIsNamed) {
  const Outcome outcome = Tool("report " + directory_ + "/none.ltk");
  EXPECT_EQ(outcome.exit, 2);
  EXPECT_THAT(outcome.text, HasSubstr("none.ltk: No such file"));
}

TEST_F(CommandLineTest, AnEmptyDirectorySaysHowToFillIt) {
  const Outcome outcome = Tool("report " + directory_);
  EXPECT_EQ(outcome.exit, 2);
  EXPECT_THAT(outcome.text, HasSubstr("leaktrack run -o"));
}

TEST_F(CommandLineTest, AFileThatIsNoCaptureIsRefusedByReportAndDump) {
  const std::string file = MakeNoCapture("x.ltk");
  for (const char* command : {"report ", "dump "}) {
    const Outcome outcome = Tool(command + file);
    EXPECT_EQ(outcome.exit, 2);
    EXPECT_THAT(outcome.text, HasSubstr("x.ltk"));
  }
}

TEST_F(CommandLineTest, ACommandThatIsNotThereIs127) {
  const Outcome outcome = Tool("run -o " + directory_ + " -- no-such-program --help");
  EXPECT_EQ(outcome.exit, 127);
  EXPECT_THAT(outcome.text, HasSubstr("no-such-program: command not found"));
}

TEST_F(CommandLineTest, AFileThatCannotBeExecutedIs126) {
  std::ofstream(directory_ + "/plain") << "text";
  EXPECT_EQ(Tool("run -o " + directory_ + " -- " + directory_ + "/plain").exit, 126);
}

TEST_F(CommandLineTest, ThePlaceForCapturesIsNoDirectoryButTheProgramRunsOn) {
  std::ofstream(directory_ + "/file") << "text";
  const Outcome outcome = Tool("run -o " + directory_ + "/file -- sh -c 'echo ran; exit 5'");
  EXPECT_EQ(outcome.exit, 5);
  EXPECT_THAT(outcome.text, HasSubstr("ran"));
  EXPECT_THAT(outcome.text, HasSubstr("not tracking: "));
}

TEST_F(CommandLineTest, TheExitStatusIsThatOfTheCommandAlsoWhenASignalEndsIt) {
  EXPECT_EQ(Tool("run -o " + directory_ + " -- sh -c 'exit 9'").exit, 9);
  EXPECT_EQ(Tool("run -o " + directory_ + " -- sh -c 'kill -TERM $$'").exit, 128 + 15);
}

}  // namespace
}  // namespace leaktrack
