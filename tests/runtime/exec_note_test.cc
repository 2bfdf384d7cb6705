// SPDX-License-Identifier: Apache-2.0
//
// What can be known before an exec about whether the new program will have the library.
#include "libtrack/runtime/exec_note.h"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

namespace leaktrack::track {
namespace {

using capture::ExecFate;

class ExecNoteTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string name = ::testing::TempDir() + "/execXXXXXX";
    directory_ = mkdtemp(name.data());
    library_ = directory_ + "/libleaktrack.so";
    std::ofstream(library_) << "it is there";
    RememberPreload(Environment({"LD_PRELOAD=" + library_}));
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }

  const char* const* Environment(std::vector<std::string> entries) {
    entries_ = std::move(entries);
    pointers_.clear();
    for (const std::string& entry : entries_) pointers_.push_back(entry.c_str());
    pointers_.push_back(nullptr);
    return pointers_.data();
  }
  ExecFate Fate(const std::string& path, std::vector<std::string> entries) {
    return FateOfExec(path.c_str(), Environment(std::move(entries)));
  }
  ExecFate FateOfProgram(const std::string& path) { return Fate(path, {"LD_PRELOAD=" + library_}); }

  static std::string Contents(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  std::string Program(const std::string& name, std::string bytes) {
    std::ofstream(directory_ + "/" + name, std::ios::binary) << bytes;
    chmod((directory_ + "/" + name).c_str(), 0755);
    return directory_ + "/" + name;
  }
  // A copy of a real program with some bytes replaced.
  std::string Patched(const std::string& name, const std::string& old, const std::string& by) {
    std::string bytes = Contents("/bin/true");
    const size_t at = bytes.find(old);
    if (at != std::string::npos) bytes.replace(at, by.size(), by);
    return Program(name, bytes);
  }

  std::string directory_, library_;
  std::vector<std::string> entries_;
  std::vector<const char*> pointers_;
};

TEST_F(ExecNoteTest, AnOrdinaryProgramThatInheritsThePreloadIsTracked) {
  EXPECT_EQ(FateOfProgram("/bin/true"), ExecFate::kTracked);
  EXPECT_EQ(Fate("/bin/true", {"A=b", "LD_PRELOAD=/other.so " + library_ + ":/third.so"}),
            ExecFate::kTracked);
}

TEST_F(ExecNoteTest, APreloadThatIsGoneOrReplacedIsNot) {
  EXPECT_EQ(Fate("/bin/true", {}), ExecFate::kPreloadGone);
  EXPECT_EQ(Fate("/bin/true", {"LD_PRELOAD=", "LD_PRELOAD_X=" + library_}), ExecFate::kPreloadGone);
  EXPECT_EQ(Fate("/bin/true", {"LD_PRELOAD=/usr/lib/libjemalloc.so.2"}),
            ExecFate::kPreloadReplaced);
  EXPECT_EQ(Fate("/bin/true", {"LD_PRELOAD=/opt/libleaktrack.so.old"}), ExecFate::kPreloadReplaced);
  EXPECT_EQ(FateOfExec("/bin/true", nullptr), ExecFate::kPreloadGone);
}

TEST_F(ExecNoteTest, ALibraryThatTheProgramCannotSeeIsNoted) {
  EXPECT_EQ(Fate("/bin/true", {"LD_PRELOAD=/nowhere/libleaktrack.so"}),
            ExecFate::kLibraryOutOfReach);
}

TEST_F(ExecNoteTest, WhatCannotBePreloadedIsNotedByItsKind) {
  EXPECT_EQ(FateOfProgram(Patched("arm", std::string("\x3e\0\x01\0\0\0", 6),
                                  std::string("\xb7\0\x01\0\0\0", 6))),
            ExecFate::kOtherMachine);
  EXPECT_EQ(FateOfProgram(LEAKTRACK_STATIC_PROGRAM), ExecFate::kStatic);
}

TEST_F(ExecNoteTest, TheLoaderItselfHeedsAPreload) {
  EXPECT_EQ(FateOfProgram("/lib64/ld-linux-x86-64.so.2"), ExecFate::kTracked);
}

TEST_F(ExecNoteTest, AScriptIsItsInterpreter) {
  EXPECT_EQ(FateOfProgram(Program("shell", "#!/bin/sh\necho\n")), ExecFate::kTracked);
  EXPECT_EQ(FateOfProgram(Program("static_script", "#! " LEAKTRACK_STATIC_PROGRAM " -x\n")),
            ExecFate::kStatic);
  const std::string self = directory_ + "/self";
  EXPECT_EQ(FateOfProgram(Program("self", "#!" + self + "\n")), ExecFate::kTracked)
      << "looked at for ever";
}

TEST_F(ExecNoteTest, RaisedRightsDropAPreload) {
  if (geteuid() != 0) GTEST_SKIP() << "needs root, to make a program of another user";
  const std::string program = Program("setuid", Contents("/bin/true"));
  ASSERT_EQ(chown(program.c_str(), 65534, 65534), 0);
  ASSERT_EQ(chmod(program.c_str(), S_ISUID | 0755), 0);
  EXPECT_EQ(FateOfProgram(program), ExecFate::kRaisesRights);
}

TEST_F(ExecNoteTest, NothingIsClaimedOfWhatCannotBeRead) {
  EXPECT_EQ(FateOfProgram("/nowhere/at/all"), ExecFate::kTracked);
  EXPECT_EQ(FateOfProgram("/dev/null"), ExecFate::kTracked);
  EXPECT_EQ(FateOfProgram(Program("short", "ab")), ExecFate::kTracked);
  EXPECT_EQ(FateOfProgram(Program("cut", Contents("/bin/true").substr(0, 100))),
            ExecFate::kTracked);
  EXPECT_EQ(FateOfProgram("true"), ExecFate::kTracked) << "looked up in PATH by the C library";
}

TEST_F(ExecNoteTest, BadPointersAreLeftToTheKernel) {
  const char* const bad = reinterpret_cast<const char*>(16);
  const char* const entries[] = {"A=b", bad, nullptr};
  EXPECT_EQ(FateOfExec("/bin/true", reinterpret_cast<const char* const*>(16)), ExecFate::kTracked);
  EXPECT_EQ(FateOfExec("/bin/true", entries), ExecFate::kTracked);
  EXPECT_EQ(FateOfExec(bad, Environment({"LD_PRELOAD=" + library_})), ExecFate::kTracked);
  auto header = std::make_unique<capture::RecorderHeader>();
  EXPECT_EQ(NoteExec(*header, bad, Environment({}), true, 1), 0u);
}

TEST_F(ExecNoteTest, WhoeverGotTheLibraryAnotherWayIsLeftAlone) {
  RememberPreload(Environment({"A=b"}));
  EXPECT_EQ(Fate("/bin/true", {}), ExecFate::kTracked);
}

TEST_F(ExecNoteTest, EachProgramAndReasonIsNotedOnceAndOnlySoMany) {
  auto header = std::make_unique<capture::RecorderHeader>();
  header->run_id = 7;
  const std::string one = Program("one", "");
  const NoteHandle first = NoteExec(*header, one.c_str(), Environment({}), false, 40);
  EXPECT_NE(first, 0u);
  EXPECT_EQ(NoteExec(*header, one.c_str(), Environment({}), false, 50), 0u);
  const NoteHandle own = NoteExec(*header, one.c_str(), Environment({}), true, 50);
  EXPECT_NE(own, 0u);
  EndNote(*header, own, 51);  // it failed, and is tried again
  EXPECT_NE(NoteExec(*header, one.c_str(), Environment({}), true, 52), 0u);
  int noted = 0;
  for (int i = 0; i < 100; ++i) {
    const std::string program = Program(std::to_string(i), "");
    noted += NoteExec(*header, program.c_str(), Environment({}), false, 60) != 0;
  }
  EXPECT_EQ(noted, static_cast<int>(kMostExecNotes) - 2);
}

TEST_F(ExecNoteTest, ASearchAlongPathTakesNoNotes) {
  auto header = std::make_unique<capture::RecorderHeader>();
  EXPECT_EQ(NoteExec(*header, "/nowhere/bin/one", Environment({}), false, 1), 0u);
}

TEST_F(ExecNoteTest, TheEndOfALongPathIsKept) {
  auto header = std::make_unique<capture::RecorderHeader>();
  std::filesystem::create_directories(directory_ + "/where/programs/of/somebody/lie");
  const std::string service = Program("where/programs/of/somebody/lie/service", "");
  NoteExec(*header, service.c_str(), Environment({}), true, 1);
  EXPECT_STREQ(header->notes[0].name, ".../programs/of/somebody/lie/service");
}

}  // namespace
}  // namespace leaktrack::track
