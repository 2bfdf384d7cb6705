// SPDX-License-Identifier: Apache-2.0
//
// What one thread did to itself, repeated by another: here by a thread of the test's, which stands
// for the helper.
#include "libtrack/runtime/own_changes.h"

#include <gtest/gtest.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdint>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "libtrack/platform/os/raw.h"

namespace leaktrack::track {
namespace {

OwnChange Name(const char* name) {
  return {.number = SYS_prctl, .a = PR_SET_NAME, .b = raw::Ptr(name)};
}

class OwnChangesTest : public ::testing::Test {
 protected:
  void SetUp() override { ForgetOwnChanges(); }
  void TearDown() override { ForgetOwnChanges(); }
  // What `look` finds on a thread that has repeated what was posted.
  template <typename Look>
  static auto AfterRepeating(Look look) {
    decltype(look()) found;
    std::thread([&] {
      RepeatOwnChanges();
      found = look();
    }).join();
    return found;
  }
};

std::string NameOfThread() {
  char name[16] = {};
  prctl(PR_GET_NAME, name);
  return name;
}

TEST_F(OwnChangesTest, AreRepeatedInTheirOrderAndOnce) {
  PostOwnChange(Name("first"));
  PostOwnChange(Name("second"));
  EXPECT_EQ(AfterRepeating(NameOfThread), "second");
  EXPECT_NE(AfterRepeating(NameOfThread), "second") << "nothing is left to repeat";
  EXPECT_FALSE(FellBehind());
}

TEST_F(OwnChangesTest, OneThatCannotBeRepeatedLeavesTheHelperBehindForGood) {
  PostOwnChange({.number = SYS_prctl, .a = -77});
  PostOwnChange(Name("after it"));
  EXPECT_EQ(AfterRepeating(NameOfThread), "after it") << "what follows is repeated all the same";
  EXPECT_TRUE(FellBehind());
  PostOwnChange(Name("too late"));
  EXPECT_NE(AfterRepeating(NameOfThread), "too late");
  ForgetOwnChanges();
  EXPECT_FALSE(FellBehind()) << "a new helper is as whoever starts it";
}

TEST_F(OwnChangesTest, MoreThanThereIsRoomForLeavesItBehind) {
  int posted = 0;
  for (; HasRoomForOwnChange(); ++posted) PostOwnChange(Name("one of many"));
  EXPECT_GE(posted, 41) << "setpriv drops so many capabilities in a row";
  EXPECT_FALSE(FellBehind());
  AfterRepeating(NameOfThread);
  EXPECT_TRUE(HasRoomForOwnChange());
  for (int i = 0; i <= posted; ++i) PostOwnChange(Name("one too many"));
  EXPECT_TRUE(FellBehind());
}

std::vector<gid_t> GroupsOfThread() {
  std::vector<gid_t> groups(1024);
  const long count = raw::Call(SYS_getgroups, 1024, raw::Ptr(groups.data()));
  groups.resize(count < 0 ? 0 : static_cast<size_t>(count));
  return groups;
}

TEST_F(OwnChangesTest, GroupsAreCopiedWhenTheyArePosted) {
  if (geteuid() != 0) GTEST_SKIP() << "needs root, to set groups";
  std::vector<gid_t> groups = {11, 22, 33};
  PostOwnChange({.number = SYS_setgroups, .a = 3, .b = raw::Ptr(groups.data())});
  groups = {0, 0, 0};
  EXPECT_EQ(AfterRepeating(GroupsOfThread), (std::vector<gid_t>{11, 22, 33}));
  PostOwnChange({.number = SYS_setgroups, .a = 0, .b = 0});
  EXPECT_EQ(AfterRepeating(GroupsOfThread), std::vector<gid_t>{});
  EXPECT_FALSE(FellBehind());
}

TEST_F(OwnChangesTest, MoreGroupsThanAnEntryHoldsCannotBeRepeated) {
  const std::vector<gid_t> groups(257, 1);
  PostOwnChange({.number = SYS_setgroups, .a = 257, .b = raw::Ptr(groups.data())});
  EXPECT_TRUE(FellBehind());
}

uint32_t CapabilitiesOfThread() {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct data[2]{};
  raw::Call(SYS_capget, raw::Ptr(&header), raw::Ptr(data));
  return data[0].effective;
}

TEST_F(OwnChangesTest, CapabilitiesAreCopiedAndMeanWhoeverRepeatsThem) {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, getpid()};
  __user_cap_data_struct none[2]{};
  PostOwnChange({.number = SYS_capset, .a = raw::Ptr(&header), .b = raw::Ptr(none)});
  header = {};
  none[0].effective = 0xffff'ffff;
  const uint32_t before = CapabilitiesOfThread();
  EXPECT_EQ(AfterRepeating(CapabilitiesOfThread), 0u);
  EXPECT_EQ(CapabilitiesOfThread(), before) << "this thread has not repeated anything";
  EXPECT_FALSE(FellBehind());
}

}  // namespace
}  // namespace leaktrack::track
