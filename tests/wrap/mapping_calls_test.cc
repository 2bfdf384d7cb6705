// SPDX-License-Identifier: Apache-2.0
//
// Mapping calls by number mean what the functions of their names mean, and are asked of the kernel.
#include "libtrack/wrap/mapping_calls.h"

#include <errno.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/shm.h>

#include "libtrack/platform/walk/unwinder.h"
#include "tests/wrap/tracked_run.h"

namespace leaktrack::track {
namespace {

constexpr long kPage = 4096, kReadWrite = PROT_READ | PROT_WRITE;
constexpr long kPrivate = MAP_PRIVATE | MAP_ANONYMOUS;

class MappingCallsTest : public ::testing::Test {
 protected:
  // The program's functions of these names must not be asked: they may be an allocator's.
  void TearDown() override { EXPECT_EQ(made::g_script.mapping_calls, 0); }
  long pages() { return static_cast<long>(run_.mapped_bytes()) / kPage; }
  TrackedRun run_;
};

// What syscall() does with it.
[[gnu::noinline]] long Call(long number, long a, long b, long c, long d, long e, long f) {
  const StackStart start = LEAKTRACK_CALLER_STACK_START();
  return MappingCall(start, number, a, b, c, d, e, f);
}

TEST(IsMappingCallTest, HoldsOfTheSevenAndOfNoOthers) {
  int count = 0;
  for (long number = -10; number < 1000; ++number) count += IsMappingCall(number) ? 1 : 0;
  EXPECT_EQ(count, 7);
  for (const long number :
       {SYS_mmap, SYS_munmap, SYS_mremap, SYS_mprotect, SYS_pkey_mprotect, SYS_shmat, SYS_shmdt})
    EXPECT_TRUE(IsMappingCall(number)) << number;
}

TEST_F(MappingCallsTest, AMappingIsMadeOpenedMovedAndEnded) {
  const long mapped = Call(SYS_mmap, 0, 4 * kPage, PROT_NONE, kPrivate, -1, 0);
  ASSERT_GT(mapped, 0);
  EXPECT_EQ(pages(), 0);
  EXPECT_EQ(Call(SYS_mprotect, mapped, 2 * kPage, kReadWrite, 0, 0, 0), 0);
  EXPECT_EQ(pages(), 2);
  EXPECT_EQ(Call(SYS_munmap, mapped + 2 * kPage, 2 * kPage, 0, 0, 0, 0), 0);
  const long moved = Call(SYS_mremap, mapped, 2 * kPage, 32 * kPage, MREMAP_MAYMOVE, 0, 0);
  ASSERT_GT(moved, 0);
  EXPECT_EQ(pages(), 32);
  EXPECT_EQ(Call(SYS_munmap, moved, 32 * kPage, 0, 0, 0, 0), 0);
  EXPECT_EQ(pages(), 0);
  run_.ExpectBalanced();
}

TEST_F(MappingCallsTest, ARefusalIsMinusOneAndErrno) {
  errno = 0;
  EXPECT_EQ(Call(SYS_mmap, 0, 0, kReadWrite, kPrivate, -1, 0), -1);
  EXPECT_EQ(errno, EINVAL);
  EXPECT_EQ(Call(SYS_munmap, 1, kPage, 0, 0, 0, 0), -1);
  EXPECT_EQ(Call(SYS_shmat, -1, 0, 0, 0, 0, 0), -1);
  EXPECT_EQ(Call(SYS_pkey_mprotect, 0, kPage, kReadWrite, 12345, 0, 0), -1);
  EXPECT_EQ(run_.births(), 0u);
}

TEST_F(MappingCallsTest, ASegmentIsAttachedAndDetached) {
  const int id = shmget(IPC_PRIVATE, 3 * kPage, IPC_CREAT | 0600);
  if (id < 0) GTEST_SKIP() << "no shared memory segments here";
  const long attached = Call(SYS_shmat, id, 0, 0, 0, 0, 0);
  shmctl(id, IPC_RMID, nullptr);
  ASSERT_GT(attached, 0);
  EXPECT_EQ(pages(), 3);
  EXPECT_EQ(Call(SYS_shmdt, attached, 0, 0, 0, 0, 0), 0);
  EXPECT_EQ(pages(), 0);
}

}  // namespace
}  // namespace leaktrack::track
