// SPDX-License-Identifier: Apache-2.0
//
// From a word to the file that the kernel will run, on real files.
#include "tools/inspect/locate.h"

#include <filesystem>

#include "tests/inspect/temporary_directory.h"

namespace leaktrack {
namespace {

class LocateTest : public testing::TemporaryDirectoryTest {};

TEST_F(LocateTest, AWordIsSoughtInPathAndTheFirstFileThatCanBeExecutedIsIt) {
  std::filesystem::create_directories(Path("a/tool"));  // a directory of that name is no program
  Write("b/tool", "plain", 0644);
  const std::string wanted = Write("c/tool", "#!/bin/sh\n");
  Write("d/tool", "#!/bin/sh\n");
  setenv("PATH", (Path("a") + ":" + Path("b") + ":" + Path("c") + ":" + Path("d")).c_str(), 1);
  const Located found = Locate("tool");
  EXPECT_EQ(found.found, Found::kYes);
  EXPECT_EQ(found.path, wanted);
}

TEST_F(LocateTest, AFileInPathThatMayNotBeExecutedIsSaidToBeThat) {
  const std::string plain = Write("b/tool", "plain", 0644);
  setenv("PATH", Path("b").c_str(), 1);
  EXPECT_EQ(Locate("tool").found, Found::kNotExecutable);
  EXPECT_EQ(Locate("tool").path, plain);
}

TEST_F(LocateTest, AnEmptyPartOfPathIsTheCurrentDirectory) {
  Write("tool", "#!/bin/sh\n");
  std::filesystem::current_path(directory_);
  setenv("PATH", "/nowhere::", 1);
  EXPECT_EQ(Locate("tool").path, "./tool");
}

TEST_F(LocateTest, AWordWithASlashIsAPathAndPathIsNotAsked) {
  const std::string tool = Write("tool", "#!/bin/sh\n");
  const std::string plain = Write("plain", "text", 0644);
  setenv("PATH", directory_.c_str(), 1);
  EXPECT_EQ(Locate(tool).found, Found::kYes);
  EXPECT_EQ(Locate(plain).found, Found::kNotExecutable);
  EXPECT_EQ(Locate(directory_).found, Found::kNotExecutable);
  EXPECT_EQ(Locate("./no/tool").found, Found::kNotFound);
}

TEST_F(LocateTest, WhatIsNowhereIsNotFoundAndComesBackAsTyped) {
  setenv("PATH", directory_.c_str(), 1);
  for (const char* word : {"", "no-such-tool"}) {
    EXPECT_EQ(Locate(word).found, Found::kNotFound) << word;
    EXPECT_EQ(Locate(word).path, word);
  }
  unsetenv("PATH");
  EXPECT_EQ(Locate("sh").found, Found::kYes) << "as execvp: without PATH the system's directories";
}

TEST_F(LocateTest, AScriptIsRunByItsInterpreter) {
  EXPECT_EQ(InterpreterOf(Write("plain", "no script")), Path("plain"));
  EXPECT_EQ(InterpreterOf(Write("sh", "#!/bin/sh -e\necho\n")), "/bin/sh");
  EXPECT_EQ(InterpreterOf(Write("blank", "#! \t/bin/sh\n")), "/bin/sh");
  EXPECT_EQ(InterpreterOf(Write("empty", "#!\n")), Path("empty"));
  const std::string outer = Write("outer", "#!" + Path("sh") + "\n");
  EXPECT_EQ(InterpreterOf(outer), "/bin/sh") << "an interpreter may be a script";
}

TEST_F(LocateTest, EnvStandsForTheProgramThatItFinds) {
  const std::string tool = Write("bin/tool", "plain");
  setenv("PATH", Path("bin").c_str(), 1);
  EXPECT_EQ(InterpreterOf(Write("by_env", "#!/usr/bin/env tool\n")), tool);
  EXPECT_EQ(InterpreterOf(Write("by_option", "#!/usr/bin/env -S tool -x\n")), "/usr/bin/env");
  EXPECT_EQ(InterpreterOf(Write("bare", "#!/usr/bin/env\n")), "/usr/bin/env");
}

TEST_F(LocateTest, ScriptsThatNameEachOtherAreFollowedAsFarAsTheKernelDoes) {
  Write("ping", "#!" + Path("pong") + "\n");
  Write("pong", "#!" + Path("ping") + "\n");
  EXPECT_EQ(InterpreterOf(Path("ping")), Path("ping")) << "after four steps";
}

TEST_F(LocateTest, BelowAnotherRootInterpretersAreSoughtThere) {
  Write("root/bin/start", "#!/bin/shell\n");
  Write("root/bin/shell", "#!/bin/real\n");
  EXPECT_EQ(InterpreterOf("/bin/start", Path("root")), "/bin/real");
}

}  // namespace
}  // namespace leaktrack
