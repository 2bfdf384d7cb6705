// SPDX-License-Identifier: Apache-2.0
#include "tools/base/private_directory.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "tests/base/second_user.h"
#include "tools/base/user_files.h"

namespace leaktrack {
namespace {

namespace fs = std::filesystem;

using Missing = PrivateDirectory::Missing;

constexpr const char* kParts[] = {"a", "a/b", "a/b/leaktrack", "a/b/leaktrack/names"};

class PrivateDirectoryTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string name = "/tmp/private_directoryXXXXXX";
    root_ = mkdtemp(name.data());
    chmod(root_.c_str(), 0755);
    fs::create_directory(root_ + "/victim");
    fs::permissions(root_ + "/victim", fs::perms(0755));
  }
  void TearDown() override { fs::remove_all(root_); }

  std::string Place() const { return root_ + "/" + kParts[3]; }
  static absl::StatusOr<PrivateDirectory> Make(const std::string& path) {
    return PrivateDirectory::Open(path, Missing::kMake);
  }
  static unsigned ModeOf(const std::string& path) {
    struct stat facts {};
    return lstat(path.c_str(), &facts) == 0 ? facts.st_mode & 07777 : 0;
  }
  // Sets all parts up as they should be.
  void Prepare() {
    fs::remove_all(root_ + "/a");
    ASSERT_TRUE(Make(Place()).ok());
  }
  void ExpectVictimUntouched() const {
    EXPECT_TRUE(fs::is_empty(root_ + "/victim"));
    EXPECT_EQ(ModeOf(root_ + "/victim"), 0755u);
  }

  std::string root_;
};

TEST_F(PrivateDirectoryTest, WhatIsMissingIsMadeForItsUserAloneAndWhatIsThereStaysAsItIs) {
  fs::create_directory(root_ + "/a");
  fs::permissions(root_ + "/a", fs::perms(0751));
  EXPECT_TRUE(absl::IsNotFound(PrivateDirectory::Open(Place(), Missing::kLeave).status()));
  ASSERT_TRUE(Make(Place()).ok());
  EXPECT_EQ(ModeOf(root_ + "/a"), 0751u);
  for (const char* part : {kParts[1], kParts[2], kParts[3]})
    EXPECT_EQ(ModeOf(root_ + "/" + part), 0700u) << part;
}

TEST_F(PrivateDirectoryTest, WhatIsWrittenIsReadListedAndRemoved) {
  const absl::StatusOr<PrivateDirectory> directory = Make(Place());
  ASSERT_TRUE(directory.ok());
  ASSERT_TRUE(directory->Replace("file", "what it holds").ok());
  EXPECT_EQ(ModeOf(Place() + "/file"), 0600u);
  EXPECT_EQ(directory->Read("file", 100), "what it holds");
  EXPECT_EQ(directory->Read("file", 4), "what");
  ASSERT_EQ(directory->Files().size(), 1u);
  EXPECT_EQ(directory->Files().front().name, "file");
  directory->Remove("file");
  EXPECT_TRUE(directory->Files().empty());
}

TEST_F(PrivateDirectoryTest, APartThatOthersMayWriteToIsNamedAndNothingIsTouched) {
  for (const char* part : kParts) {
    for (const mode_t mode : {0777u, 0770u, 0772u}) {
      Prepare();
      ASSERT_EQ(chmod((root_ + "/" + part).c_str(), mode), 0);
      const absl::Status status = Make(Place()).status();
      EXPECT_TRUE(absl::IsFailedPrecondition(status)) << part;
      EXPECT_NE(status.message().find(std::string(part) + " may be changed by others"),
                std::string::npos)
          << status;
      EXPECT_EQ(ModeOf(root_ + "/" + part), mode);
    }
  }
}

TEST_F(PrivateDirectoryTest, APartOfAnotherUserIsRefused) {
  if (geteuid() != 0) GTEST_SKIP() << "only root can give a directory away";
  for (const char* part : kParts) {
    Prepare();
    ASSERT_EQ(chown((root_ + "/" + part).c_str(), kNobody, kNobody), 0);
    const absl::Status status = Make(Place()).status();
    EXPECT_TRUE(absl::IsFailedPrecondition(status)) << part;
    EXPECT_NE(status.message().find("uid 65534"), std::string::npos) << status;
  }
}

TEST_F(PrivateDirectoryTest, ALinkOfAnotherUserIsFollowedInNoPart) {
  if (geteuid() != 0) GTEST_SKIP() << "only root can give a link away";
  for (const char* part : kParts) {
    Prepare();
    fs::remove_all(root_ + "/" + part);
    fs::create_directory_symlink(root_ + "/victim", root_ + "/" + part);
    ASSERT_EQ(lchown((root_ + "/" + part).c_str(), kNobody, kNobody), 0);
    EXPECT_TRUE(absl::IsFailedPrecondition(Make(Place()).status())) << part;
    ExpectVictimUntouched();
  }
}

TEST_F(PrivateDirectoryTest, AStickyDirectoryMayStandOnThePathButWhatLiesInItMustBeOursAndNoLink) {
  const std::string sticky = root_ + "/sticky";
  fs::create_directory(sticky);
  ASSERT_EQ(chmod(sticky.c_str(), 01777), 0);
  EXPECT_TRUE(Make(sticky + "/mine/names").ok());
  fs::create_directory_symlink(root_ + "/victim", sticky + "/link");
  EXPECT_TRUE(absl::IsFailedPrecondition(Make(sticky + "/link/names").status()));
  EXPECT_TRUE(absl::IsFailedPrecondition(Make(sticky).status())) << "others may put files into it";
  ExpectVictimUntouched();
  if (geteuid() != 0) return;
  EXPECT_EQ(AsNobody([&] { return mkdir((sticky + "/his").c_str(), 0777) == 0; }), 0);
  EXPECT_TRUE(absl::IsFailedPrecondition(Make(sticky + "/his/names").status()));
  EXPECT_EQ(AsNobody([&] {
              return Make(sticky + "/of_nobody/names").ok() && !Make(sticky + "/mine/more").ok();
            }),
            0);
}

TEST_F(PrivateDirectoryTest, ALinkOfOursWhereNobodyElsePutsAnyLeadsOnButNeverAsTheLastPart) {
  fs::create_directory_symlink("victim/../a", root_ + "/users");
  ASSERT_TRUE(Make(Place()).ok());
  EXPECT_TRUE(Make(root_ + "/users/b/leaktrack/names").ok());
  fs::create_directory_symlink(Place(), root_ + "/last");
  EXPECT_TRUE(absl::IsFailedPrecondition(Make(root_ + "/last").status()));
  fs::create_directory_symlink(root_ + "/ring", root_ + "/ring");
  EXPECT_FALSE(Make(root_ + "/ring/names").ok());
}

TEST_F(PrivateDirectoryTest, WhatIsNoFileOfOursInItReadsAsEmptyAndIsReplacedNotFollowed) {
  const absl::StatusOr<PrivateDirectory> directory = Make(Place());
  ASSERT_TRUE(directory.ok());
  std::ofstream(root_ + "/precious") << "precious";
  fs::create_symlink(root_ + "/precious", Place() + "/link");
  ASSERT_EQ(mkfifo((Place() + "/fifo").c_str(), 0600), 0);
  for (const char* name : {"link", "fifo", "none", ".", ".."})
    EXPECT_EQ(directory->Read(name, 100), "") << name;
  EXPECT_TRUE(directory->Files().empty());
  ASSERT_TRUE(directory->Replace("link", "new").ok());
  EXPECT_EQ(ReadAtMost(root_ + "/precious", 100), "precious");
  EXPECT_EQ(directory->Read("link", 100), "new");
}

TEST_F(PrivateDirectoryTest, WhoeverExchangesAPartMeanwhileHasNothingWrittenElsewhere) {
  if (geteuid() != 0) GTEST_SKIP() << "needs a second user";
  const std::string sticky = root_ + "/sticky";
  fs::create_directory(sticky);
  ASSERT_EQ(chmod(sticky.c_str(), 01777), 0);
  Exchanger hostile(sticky + "/cache", root_ + "/victim");
  for (int round = 0; round < 2000; ++round) {
    const absl::StatusOr<PrivateDirectory> directory = Make(sticky + "/cache/names");
    ASSERT_FALSE(directory.ok());
  }
  EXPECT_GT(hostile.Stop(), 0);
  ExpectVictimUntouched();
}

TEST_F(PrivateDirectoryTest, ADirectoryThatWasOpenedIsWrittenToWhereverItsNameLeadsNow) {
  const absl::StatusOr<PrivateDirectory> directory = Make(Place());
  ASSERT_TRUE(directory.ok());
  fs::rename(root_ + "/a", root_ + "/moved");
  fs::create_directories(root_ + "/a/b/leaktrack");
  fs::create_directory_symlink(root_ + "/victim", Place());
  EXPECT_TRUE(directory->Replace("file", "new").ok());
  directory->Remove("precious");
  ExpectVictimUntouched();
  EXPECT_TRUE(fs::exists(root_ + "/moved/b/leaktrack/names/file"));
}

TEST_F(PrivateDirectoryTest, WhatIsNoAbsolutePathOrLeadsNowhereIsAbsent) {
  for (const char* path : {"", "relative/names", "/dev/null/names", "/proc/leaktrack"})
    EXPECT_TRUE(absl::IsNotFound(Make(path).status())) << path;
}

}  // namespace
}  // namespace leaktrack
