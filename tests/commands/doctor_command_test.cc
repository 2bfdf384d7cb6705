// SPDX-License-Identifier: Apache-2.0
//
// `leaktrack doctor` on real programs, scripts and processes. Each finding by itself:
// tests/inspect.
#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "tests/commands/command_fixture.h"

namespace leaktrack {
namespace {

using nlohmann::json;
using ::testing::AllOf;
using ::testing::HasSubstr;
using testing::Outcome;
using testing::RunTool;
using ::testing::StartsWith;
using testing::Write;

class DoctorCommandTest : public testing::CommandTest {
 protected:
  std::string Script(const std::string& name, const std::string& text) const {
    Write(Path(name), text);
    chmod(Path(name).c_str(), 0755);
    return Path(name);
  }
};

TEST_F(DoctorCommandTest, AProgramThatCanBeTrackedIsToldHow) {
  const Outcome outcome = RunTool({"doctor", "-o", directory_, "/bin/sh"});
  EXPECT_EQ(outcome.exit, 0) << outcome.out << outcome.err;
  EXPECT_THAT(outcome.out, AllOf(StartsWith("/bin/sh: can be tracked\n"),
                                 HasSubstr("track it   leaktrack run -- /bin/sh ...")));
}

TEST_F(DoctorCommandTest, WhatForbidsItComesFirstAndHasARemedy) {
  const Outcome outcome = RunTool({"doctor", "-o", directory_, "--", "env", "-i", "/bin/sh"});
  EXPECT_EQ(outcome.exit, 1);
  EXPECT_THAT(outcome.out, AllOf(HasSubstr(": cannot be tracked\n\nblocker    env -i empties"),
                                 HasSubstr("-> pass LD_PRELOAD")));
}

TEST_F(DoctorCommandTest, AScriptIsJudgedByItsInterpreterAndItsLines) {
  const std::string script = Script("start", "#!/bin/sh\nunset LD_PRELOAD\nexec ./service\n");
  const Outcome outcome = RunTool({"doctor", script});
  EXPECT_EQ(outcome.exit, 0) << "a warning forbids nothing";
  EXPECT_THAT(outcome.out, AllOf(HasSubstr("runs the script " + script),
                                 HasSubstr("line 2 removes LD_PRELOAD")));
}

TEST_F(DoctorCommandTest, AWrapperAloneAsksForTheCommand) {
  const Outcome outcome = RunTool({"doctor", "timeout"});
  EXPECT_THAT(outcome.out, AllOf(HasSubstr("runs another program, and that one is to be examined"),
                                 HasSubstr("leaktrack doctor -- COMMAND ...")));
}

TEST_F(DoctorCommandTest, AProcessIsExaminedByItsNumber) {
  const std::string pid = std::to_string(getpid());
  const Outcome outcome = RunTool({"doctor", "--format", "json", pid});
  EXPECT_LE(outcome.exit, 1) << outcome.err;
  const json report = json::parse(outcome.out);
  EXPECT_EQ(report["schema"], 1);
  EXPECT_EQ(report["pid"], getpid());
  EXPECT_EQ(report["trackable"], outcome.exit == 0);
  for (const json& finding : report["findings"])
    EXPECT_TRUE(finding["remedy"].is_null() || finding["remedy"].is_string());
}

TEST_F(DoctorCommandTest, WhatCannotBeExaminedIsStatus2AndSaidInALine) {
  const std::vector<std::pair<std::string, const char*>> cases = {
      {"999999999", "there is no process 999999999"},
      {"/no/such", "/no/such: no such process or command"},
      {Path("plain"), "plain: not executable"}};
  Write(Path("plain"), "text");
  for (const auto& [target, words] : cases) {
    const Outcome outcome = RunTool({"doctor", target});
    EXPECT_EQ(outcome.exit, 2) << target;
    EXPECT_THAT(outcome.err, AllOf(StartsWith("leaktrack: "), HasSubstr(words)));
  }
}

TEST_F(DoctorCommandTest, APlaceThatCannotBeWrittenForbidsIt) {
  const Outcome outcome = RunTool({"doctor", "-o", "/proc/nowhere", "/bin/sh"});
  EXPECT_EQ(outcome.exit, 1);
  EXPECT_THAT(outcome.out, HasSubstr("cannot write captures to"));
}

}  // namespace
}  // namespace leaktrack
