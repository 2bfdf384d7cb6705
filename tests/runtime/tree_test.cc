// SPDX-License-Identifier: Apache-2.0
#include "libtrack/runtime/tree.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdint>
#include <string>

namespace leaktrack::track {
namespace {

// A number that is no process's: the counts are this test's own.
constexpr uint64_t kRun = 4'294'000'000;

class TreeTest : public testing::Test {
 protected:
  TreeTest() { options_.run_pid = kRun + static_cast<uint64_t>(getpid()); }
  ~TreeTest() override {
    for (const TreeCount count : capture::kTreeCounts) unlink(PathOf(count).c_str());
  }
  std::string PathOf(TreeCount count) const {
    return capture::kTreeCountPrefix + std::to_string(options_.run_pid) + "." +
           std::to_string(geteuid()) + "." + NameOf(count);
  }
  void Create(TreeCount count, uint64_t value = 0) const {
    const int fd = open(PathOf(count).c_str(), O_WRONLY | O_CREAT | O_EXCL, 0600);
    ASSERT_GE(fd, 0);
    EXPECT_EQ(ftruncate(fd, static_cast<off_t>(value)), 0);
    close(fd);
  }
  uint64_t Value(TreeCount count) const {
    uint64_t value = 0;
    EXPECT_TRUE(ReadTree(options_, count, &value));
    return value;
  }

  Options options_;
};

TEST_F(TreeTest, CountsOnlyWhereRunHasMadeACount) {
  uint64_t value = 0;
  EXPECT_EQ(AddToTree(options_, TreeCount::kUnborn), 0u);
  EXPECT_FALSE(ReadTree(options_, TreeCount::kUnborn, &value));
  Create(TreeCount::kUnborn);
  EXPECT_EQ(AddToTree(options_, TreeCount::kUnborn), 1u);
  EXPECT_EQ(AddToTree(options_, TreeCount::kUnborn), 2u);
  EXPECT_EQ(Value(TreeCount::kUnborn), 2u);
}

TEST_F(TreeTest, WithoutRunNothingIsBounded) {
  options_.run_pid = 0;
  EXPECT_TRUE(MayBeBornInTree(options_));
}

TEST_F(TreeTest, RefusesBirthsBeyondTheBoundAndCountsThem) {
  Create(TreeCount::kBorn, capture::kMostBirths - 1);
  Create(TreeCount::kRefused);
  EXPECT_TRUE(MayBeBornInTree(options_));
  EXPECT_FALSE(MayBeBornInTree(options_));
  EXPECT_FALSE(MayBeBornInTree(options_));
  EXPECT_EQ(Value(TreeCount::kRefused), 2u);
}

TEST_F(TreeTest, FollowsNoLinkAndWaitsForNoReader) {
  const std::string target = PathOf(TreeCount::kUnborn) + ".target";
  ASSERT_EQ(symlink(target.c_str(), PathOf(TreeCount::kUnborn).c_str()), 0);
  EXPECT_EQ(AddToTree(options_, TreeCount::kUnborn), 0u);
  EXPECT_NE(access(target.c_str(), F_OK), 0);
  ASSERT_EQ(mkfifo(PathOf(TreeCount::kBorn).c_str(), 0600), 0);
  EXPECT_EQ(AddToTree(options_, TreeCount::kBorn), 0u);
}

TEST_F(TreeTest, TheChildOfRunIsTheFirst) {
  options_.run_pid = static_cast<uint64_t>(getppid());
  EXPECT_TRUE(IsFirstOfTree(options_));
  options_.run_pid = kRun;
  EXPECT_FALSE(IsFirstOfTree(options_));
}

}  // namespace
}  // namespace leaktrack::track
