// SPDX-License-Identifier: Apache-2.0
//
// What start scripts and wrappers do to LD_PRELOAD.
#include "tools/inspect/script_checks.h"

#include <gmock/gmock.h>

#include "tests/inspect/temporary_directory.h"

namespace leaktrack {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

// What is said of one line; empty: nothing.
std::string Said(const std::string& line) {
  const Findings findings = CheckScriptText(line);
  if (findings.empty()) return "";
  EXPECT_THAT(findings, SizeIs(1)) << line;
  EXPECT_EQ(findings[0].level, Level::kWarning);
  EXPECT_FALSE(findings[0].remedy.empty()) << line;
  return findings[0].what;
}

TEST(ScriptTextTest, LinesThatTakeThePreloadAwayAreNamed) {
  for (const char* line :
       {"unset LD_PRELOAD", "  unset FOO LD_PRELOAD; exec ./service", "LD_PRELOAD= ./service",
        "export LD_PRELOAD=''", "env -u LD_PRELOAD ./service", "exec env -uLD_PRELOAD ./service",
        "/usr/bin/env --unset=LD_PRELOAD ./service"})
    EXPECT_THAT(Said(line), HasSubstr("removes LD_PRELOAD")) << line;
}

TEST(ScriptTextTest, LinesThatReplaceThePreloadAreNamed) {
  for (const char* line :
       {"LD_PRELOAD=libjemalloc.so ./service", "export LD_PRELOAD=\"/opt/a b.so\""})
    EXPECT_THAT(Said(line), HasSubstr("overwrites LD_PRELOAD")) << line;
}

TEST(ScriptTextTest, AnotherLibraryInFrontIsNamedAndOneBehindIsNot) {
  EXPECT_THAT(Said("LD_PRELOAD=libjemalloc.so:$LD_PRELOAD ./service"),
              HasSubstr("puts another library before the tracker"));
  EXPECT_THAT(Said("LD_PRELOAD=libjemalloc.so${LD_PRELOAD:+:$LD_PRELOAD}"),
              HasSubstr("before the tracker"));
  EXPECT_EQ(Said("LD_PRELOAD=\"$LD_PRELOAD:libjemalloc.so\" ./service"), "");
  EXPECT_EQ(Said("export LD_PRELOAD=\"${LD_PRELOAD:+$LD_PRELOAD:}libjemalloc.so\""), "");
}

TEST(ScriptTextTest, AnEmptyEnvironmentIsNamed) {
  for (const char* line :
       {"exec env -i ./service", "env - PATH=/bin ./service", "env --ignore-environment x",
        "exec -c ./service", "setpriv --reset-env ./service"})
    EXPECT_THAT(Said(line), HasSubstr("empties the environment")) << line;
}

TEST(ScriptTextTest, ProgramsThatPassOnAnotherEnvironmentAreNamed) {
  for (const char* line : {"sudo -u www ./service", "su - www -c ./service", "ssh host ./service",
                           "docker run image", "exec systemd-run ./service"})
    EXPECT_THAT(Said(line), HasSubstr("usually does not pass LD_PRELOAD on")) << line;
}

TEST(ScriptTextTest, OrdinaryLinesSayNothing) {
  for (const char* line :
       {"", "# unset LD_PRELOAD", "exec ./service --port 80", "MY_LD_PRELOAD=x ./service",
        "env FOO=1 ./service", "unset FOO", "LD_PRELOAD=/opt/libleaktrack.so ./service",
        "echo sudoku", "exec nice -n 5 ./service"})
    EXPECT_EQ(Said(line), "") << line;
}

TEST(ScriptTextTest, LinesAreNumberedAndALongListIsCut) {
  EXPECT_THAT(Said("\n\nunset LD_PRELOAD"), HasSubstr("line 3 "));
  std::string many;
  for (int i = 0; i < 100; ++i) many += "unset LD_PRELOAD\n";
  EXPECT_THAT(CheckScriptText(many), SizeIs(8));
}

class ScriptChecksTest : public testing::TemporaryDirectoryTest {};

TEST_F(ScriptChecksTest, OnlyScriptsOfShellsAreRead) {
  const std::string script = Write("start", "#!/bin/sh\nunset LD_PRELOAD\n");
  EXPECT_THAT(CheckScript(script, "/usr/bin/dash"), SizeIs(1));
  EXPECT_THAT(CheckScript(script, "/bin/busybox"), SizeIs(1));
  EXPECT_THAT(CheckScript(script, "/usr/bin/python3"), IsEmpty());
  EXPECT_THAT(CheckScript(Path("none"), "/bin/sh"), IsEmpty());
  EXPECT_THAT(CheckScript(directory_, "/bin/sh"), IsEmpty());
}

// The names of the programs of a command line, without their folders.
std::vector<std::string> Chain(const std::vector<std::string>& command) {
  std::vector<std::string> names;
  for (const std::string& path : FollowWrappers(command).programs)
    names.push_back(path.substr(path.rfind('/') + 1));
  return names;
}

TEST(FollowWrappersTest, TheProgramBehindWrappersIsFound) {
  EXPECT_THAT(Chain({"cat", "sh"}), ElementsAre("cat")) << "what follows no wrapper is its own";
  EXPECT_THAT(Chain({"nice", "-n", "5", "cat", "file"}), ElementsAre("nice", "cat"));
  EXPECT_THAT(Chain({"env", "A=1", "timeout", "5s", "nice", "sh", "-c", "x"}),
              ElementsAre("env", "timeout", "nice", "sh"));
  EXPECT_THAT(Chain({"nohup", "no-such-program-here"}), ElementsAre("nohup"));
}

TEST(FollowWrappersTest, AWrapperWithoutItsCommandIsOpen) {
  EXPECT_TRUE(FollowWrappers({"timeout", "5"}).open);
  EXPECT_TRUE(FollowWrappers({"env"}).open);
  EXPECT_FALSE(FollowWrappers({"timeout", "5", "cat"}).open);
  EXPECT_FALSE(FollowWrappers({"cat"}).open);
}

TEST(FollowWrappersTest, WhatAWrapperDoesToThePreloadIsABlocker) {
  const std::vector<std::pair<std::vector<std::string>, const char*>> cases = {
      {{"env", "-i", "cat"}, "env -i empties the environment"},
      {{"env", "-u", "LD_PRELOAD", "cat"}, "env removes LD_PRELOAD"},
      {{"env", "-uLD_PRELOAD", "cat"}, "env removes LD_PRELOAD"},
      {{"env", "--unset=LD_PRELOAD", "cat"}, "env removes LD_PRELOAD"},
      {{"env", "LD_PRELOAD=other.so", "cat"}, "env overwrites LD_PRELOAD"},
      {{"setpriv", "--reset-env", "cat"}, "setpriv --reset-env empties the environment"},
      {{"sudo", "cat"}, "sudo passes on an environment of its own"},
      {{"ssh", "cat"}, "ssh starts the program elsewhere"},
  };
  for (const auto& [command, words] : cases) {
    const Findings findings = FollowWrappers(command).findings;
    ASSERT_THAT(findings, SizeIs(1)) << words;
    EXPECT_EQ(findings[0].level, Level::kBlocker);
    EXPECT_EQ(findings[0].check, "wrapper");
    EXPECT_THAT(findings[0].what, HasSubstr(words));
    EXPECT_FALSE(findings[0].remedy.empty());
  }
}

TEST(FollowWrappersTest, WrappersThatHandThePreloadOnSayNothing) {
  EXPECT_THAT(FollowWrappers({"env", "-u", "FOO", "nice", "cat"}).findings, IsEmpty());
  EXPECT_THAT(FollowWrappers({"env", "LD_PRELOAD=/opt/libleaktrack.so", "cat"}).findings,
              IsEmpty());
  const Findings chroot = FollowWrappers({"chroot", "/", "cat"}).findings;
  ASSERT_THAT(chroot, SizeIs(1));
  EXPECT_EQ(chroot[0].level, Level::kWarning);
}

}  // namespace
}  // namespace leaktrack
