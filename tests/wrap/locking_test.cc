// SPDX-License-Identifier: Apache-2.0
//
// mlockall: the program's memory is locked, ours is not. In children, which have limits of their
// own.
#include "libtrack/wrap/locking.h"

#include <errno.h>
#include <gtest/gtest.h>
#include <linux/capability.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdint>
#include <cstring>

#include "libtrack/platform/os/sparse_memory.h"
#include "libtrack/runtime/run.h"
#include "tests/support/own_process.h"

namespace leaktrack::track {
namespace {

using leaktrack::testing::FromStatus;
using leaktrack::testing::InChild;

constexpr uint64_t kMiB = 1 << 20;

// As a program that may lock so much and no more.
void LimitTo(uint64_t bytes) {
  const rlimit limit{bytes, bytes};
  setrlimit(RLIMIT_MEMLOCK, &limit);
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct data[2]{};
  syscall(SYS_capset, &header, data);
}

TEST(LockingTest, ACallThatMeansNothingIsRefusedAsByTheKernel) {
  errno = 0;
  EXPECT_EQ(LockAllMemory(0), -1);
  EXPECT_EQ(errno, EINVAL);
  errno = 0;
  EXPECT_EQ(LockAllMemory(1 << 20), -1);
  EXPECT_EQ(errno, EINVAL);
}

TEST(LockingTest, WhoMayLockNothingIsTold) {
  const auto body = [] {
    LimitTo(0);
    g_filter.Open();
    return LockAllMemory(MCL_CURRENT) == -1 && errno == EPERM ? 0 : 1;
  };
  EXPECT_EQ(InChild(body), 0);
}

TEST(LockingTest, WhatIsTooMuchForTheProgramAloneIsRefused) {
  const auto body = [] {
    LimitTo(8 * 4096);
    g_filter.Open();
    return LockAllMemory(MCL_CURRENT) == -1 && errno == ENOMEM ? 0 : 1;
  };
  EXPECT_EQ(InChild(body), 0);
}

#if !defined(__SANITIZE_ADDRESS__) && \
    !defined(__SANITIZE_THREAD__)  // shadows would be made resident

TEST(LockingTest, WhatIsLockedOfOursIsLetGo) {
  const auto body = [] {
    char* const place = PlaceSparse(kMiB << 10, 8 * kMiB, {});
    if (place == nullptr) return 2;
    g_filter.Open();
    if (LockAllMemory(MCL_CURRENT) != 0) return 77;
    const uint64_t locked = FromStatus("VmLck:"), all = FromStatus("VmSize:");
    return locked > 0 && locked + 8 * kMiB <= all ? 0 : 1;
  };
  const int status = InChild(body);
  if (status == 77) GTEST_SKIP() << "may not lock memory here";
  EXPECT_EQ(status, 0);
}

TEST(LockingTest, WhereOursMakeItTooMuchTheProgramsMappingsAreLockedOneByOne) {
  const auto body = [] {
    const uint64_t theirs = FromStatus("VmSize:");
    char* const place = PlaceSparse(kMiB << 10, 64 * kMiB, {});
    if (place == nullptr) return 2;
    LimitTo(theirs + 16 * kMiB);
    g_filter.Open();
    if (LockAllMemory(MCL_CURRENT) != 0) return 3;
    std::memset(place, 1, 4096);  // ours can be used
    const uint64_t locked = FromStatus("VmLck:");
    return locked >= theirs / 2 && locked <= theirs + kMiB ? 0 : 4;
  };
  EXPECT_EQ(InChild(body), 0);
}

#endif

}  // namespace
}  // namespace leaktrack::track
