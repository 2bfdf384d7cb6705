// SPDX-License-Identifier: Apache-2.0
//
// Where a run would leave its files: real directories, real rights.
#include "tools/inspect/place_checks.h"

#include <gmock/gmock.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <filesystem>

#include "tests/inspect/temporary_directory.h"

namespace leaktrack {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr uid_t kNobody = 65534;

class PlaceChecksTest : public testing::TemporaryDirectoryTest {
 protected:
  const User self_{geteuid(), getegid()};
};

TEST_F(PlaceChecksTest, TheOptionGoesBeforeTheVariableAndThatBeforeTheCurrentDirectory) {
  fs::current_path(directory_);
  unsetenv("LEAKTRACK_OUT");
  EXPECT_EQ(OutputDirectory(""), directory_);
  setenv("LEAKTRACK_OUT", "", 1);
  EXPECT_EQ(OutputDirectory(""), directory_);
  setenv("LEAKTRACK_OUT", "out/../captures", 1);
  EXPECT_EQ(OutputDirectory(""), Path("captures"));
  EXPECT_EQ(OutputDirectory("here"), Path("here"));
  EXPECT_EQ(OutputDirectory("/there"), "/there");
}

TEST_F(PlaceChecksTest, WritingIsTriedAndLeavesNothingBehind) {
  EXPECT_EQ(WhyNotWritable(directory_, false), "");
  EXPECT_TRUE(fs::is_empty(directory_));
}

TEST_F(PlaceChecksTest, ADirectoryIsMadeOnlyWhereThatIsAskedFor) {
  EXPECT_THAT(WhyNotWritable(Path("a/b"), false), HasSubstr("a/b: No such file"));
  EXPECT_FALSE(fs::exists(Path("a")));
  EXPECT_EQ(WhyNotWritable(Path("a/b"), true), "");
  EXPECT_TRUE(fs::is_directory(Path("a/b")));
}

TEST_F(PlaceChecksTest, WhatStandsInTheWayIsNamed) {
  Write("file", "text");
  EXPECT_THAT(WhyNotWritable(Path("file"), true), StartsWith(Path("file") + ": "));
  EXPECT_THAT(WhyNotWritable(Path("file/below"), true), HasSubstr("Not a directory"));
  EXPECT_THAT(WhyNotWritable("/proc/leaktrack", true), StartsWith("/proc/leaktrack: "));
}

TEST_F(PlaceChecksTest, AWritablePlaceIsFineAndItsRoomIsSaid) {
  const Finding finding = CheckOutput(directory_, self_);
  EXPECT_EQ(finding.check, "output");
  EXPECT_THAT(finding.what, AllOf(StartsWith(directory_ + ": writable, "), HasSubstr(" free")));
}

TEST_F(PlaceChecksTest, APlaceThatRunWillMakeIsJudgedByTheDirectoryAbove) {
  const std::string place = Path("not/yet");
  EXPECT_THAT(CheckOutput(place, self_, true).what, StartsWith(place + ": will be created, "));
  EXPECT_FALSE(fs::exists(Path("not")));
  const Finding unmade = CheckOutput(place, self_, false);
  EXPECT_EQ(unmade.level, Level::kBlocker);
  const Finding nowhere = CheckOutput("/proc/no/where", self_, true);
  EXPECT_EQ(nowhere.level, Level::kBlocker);
  EXPECT_THAT(nowhere.what, HasSubstr("/proc/no/where, to be created in /proc"));
  EXPECT_FALSE(nowhere.remedy.empty());
}

TEST_F(PlaceChecksTest, TheRightsAreThoseOfTheUserThatTheProgramRunsAs) {
  chmod(directory_.c_str(), 0700);
  const Finding finding = CheckOutput(directory_, {kNobody, kNobody});
  if (geteuid() == 0) {
    EXPECT_EQ(finding.level, Level::kBlocker);
    EXPECT_THAT(finding.what, HasSubstr("user 65534 cannot write captures to"));
    EXPECT_EQ(geteuid(), 0u) << "the rights were given up in a child alone";
    chmod(directory_.c_str(), 01777);
    EXPECT_NE(CheckOutput(directory_, {kNobody, kNobody}).level, Level::kBlocker);
  } else {
    EXPECT_EQ(finding.level, Level::kNote) << "only root can try";
    EXPECT_FALSE(finding.remedy.empty());
  }
}

TEST_F(PlaceChecksTest, ARecorderPlaceThatIsMissingLosesTheLastSecond) {
  const Finding missing = CheckRecorderPlace(directory_, self_);
  EXPECT_EQ(missing.level, Level::kWarning);
  EXPECT_THAT(missing.what, HasSubstr("a SIGKILL loses up to the last second"));
  EXPECT_THAT(missing.remedy, HasSubstr("tmpfs"));
  fs::create_directories(Path("dev/shm"));
  const Finding there = CheckRecorderPlace(directory_, self_);
  EXPECT_EQ(there.check, "recorder");
  EXPECT_THAT(there.what, StartsWith(Path("dev/shm") + ": "));
  EXPECT_TRUE(fs::is_empty(Path("dev/shm")));
}

TEST_F(PlaceChecksTest, TheKernelIsTheOneThatRuns) {
  utsname name{};
  ASSERT_EQ(uname(&name), 0);
  const Finding finding = CheckKernel();
  EXPECT_EQ(finding.check, "kernel");
  EXPECT_THAT(finding.what, StartsWith(std::string("Linux ") + name.release));
}

}  // namespace
}  // namespace leaktrack
