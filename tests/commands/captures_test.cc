// SPDX-License-Identifier: Apache-2.0
//
// Which files a path stands for.
#include "tools/commands/captures.h"

#include <gmock/gmock.h>
#include <unistd.h>

#include <filesystem>

#include "tests/commands/command_fixture.h"
#include "tools/commands/recorders.h"

namespace leaktrack {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::Write;

class CapturesTest : public testing::CommandTest {
 protected:
  std::vector<std::string> Paths(const std::vector<std::string>& names) const {
    std::vector<std::string> paths;
    for (const std::string& name : names) paths.push_back(Path(name));
    return paths;
  }
};

TEST_F(CapturesTest, TheRunIdIsReadOffTheName) {
  EXPECT_EQ(RunIdOf("/a/host.program.4711.00000000000000ff.ltk"), 0xffu);
  EXPECT_EQ(RunIdOf("host.name.with.dots.4711.0123456789abcdef.ltk"), 0x0123456789abcdefu);
  for (const char* other : {"", "x.ltk", "host.4711.ff.ltk", "host.p.pid.00000000000000ff.ltk",
                            "host.p.4711.00000000000000fg.ltk", ".00000000000000ff.ltk"})
    EXPECT_EQ(RunIdOf(other), 0u) << other;
}

TEST_F(CapturesTest, TheSealedCopyLiesBesideItsCapture) {
  EXPECT_EQ(SealedBeside("/a/x.ltk"), "/a/x.sealed.ltk");
  EXPECT_EQ(SealedBeside("/a/x"), "/a/x.sealed.ltk");
}

TEST_F(CapturesTest, ADirectoryStandsForItsCapturesSortedWithoutSealedCopies) {
  for (const char* name : {"b.ltk", "a.ltk", "a.sealed.ltk", "only.sealed.ltk", "notes.txt"})
    Write(Path(name), "");
  const auto listed = ListCaptures(directory_);
  ASSERT_TRUE(listed.ok());
  EXPECT_THAT(*listed, ElementsAre(Path("a.ltk"), Path("b.ltk"), Path("only.sealed.ltk")));
  EXPECT_EQ(*CapturesAt(directory_), *listed);
}

TEST_F(CapturesTest, AFileStandsForItself) {
  Write(Path("notes.txt"), "");
  EXPECT_THAT(*CapturesAt(Path("notes.txt")), ElementsAre(Path("notes.txt")));
}

TEST_F(CapturesTest, WhatIsNotThereOrEmptySaysWhatHelps) {
  EXPECT_THAT(std::string(CapturesAt(Path("none")).status().message()),
              HasSubstr("none: No such file or directory; give a capture (*.ltk)"));
  EXPECT_THAT(std::string(CapturesAt(directory_).status().message()),
              HasSubstr("leaktrack run -o " + directory_ + " -- COMMAND"));
}

TEST_F(CapturesTest, PlacesThatNameOneFileTwiceNameItOnce) {
  Write(Path("a/x.ltk"), "");
  Write(Path("a/y.ltk"), "");
  fs::create_hard_link(Path("a/x.ltk"), Path("link.ltk"));
  const auto all = CapturesAtAll({Path("link.ltk"), Path("a"), Path("a/y.ltk")});
  ASSERT_TRUE(all.ok());
  EXPECT_EQ(*all, Paths({"link.ltk", "a/y.ltk"}));
  EXPECT_FALSE(CapturesAtAll({Path("a"), Path("none")}).ok());
}

TEST_F(CapturesTest, AllBelowADirectoryAreFoundAndARingOfLinksIsNotFollowed) {
  Write(Path("z.ltk"), "");
  Write(Path("a/b/x.ltk"), "");
  fs::create_directories(Path("a/named.ltk"));
  fs::create_directory_symlink(directory_, Path("a/ring"));
  std::string problem;
  EXPECT_EQ(CapturesBelow(directory_, &problem), Paths({"a/b/x.ltk", "z.ltk"}));
  EXPECT_EQ(problem, "");
  EXPECT_THAT(CapturesBelow(Path("none"), &problem), IsEmpty());
  EXPECT_THAT(problem, HasSubstr("none: No such file"));
}

TEST_F(CapturesTest, OnlyFilesThatAreRecordersAreTakenForThem) {
  Write(Path("leaktrack.1.00000000000000aa.1000.ltr"), "no recorder");
  Write(Path("leaktrack.1.00000000000000bb.1000.ltr"), std::string(1 << 16, '\0'));
  Write(Path("other.file"), "");
  EXPECT_THAT(FindRecorders({}, directory_), IsEmpty());
  EXPECT_THAT(FindRecorders({0xaa}, directory_), IsEmpty());
  EXPECT_EQ(RecorderOf("/x/h.p.1.00000000000000aa.ltk", directory_), "");
}

TEST_F(CapturesTest, AFileThatIsNoCaptureIsRefusedAsWhatItIs) {
  EXPECT_TRUE(absl::IsInvalidArgument(OpenCapture(MakeNoCapture("x.ltk")).status()));
  EXPECT_TRUE(absl::IsNotFound(OpenCapture(Path("none.ltk")).status()));
  const std::string whole = testing::Contents(Make({.run_id = 5, .seconds = 60}));
  Write(Path("cut.ltk"), whole.substr(0, whole.size() / 2));
  const auto cut = OpenCapture(Path("cut.ltk"));
  ASSERT_TRUE(cut.ok()) << cut.status();
  EXPECT_FALSE(cut->damage.empty());
}

}  // namespace
}  // namespace leaktrack
