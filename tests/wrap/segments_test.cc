// SPDX-License-Identifier: Apache-2.0
//
// Attachments of shared memory and the program break.
#include "libtrack/wrap/segments.h"

#include <errno.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/shm.h>

#include <initializer_list>

#include "libtrack/platform/os/raw.h"
#include "tests/wrap/tracked_run.h"

namespace leaktrack::track {
namespace {

constexpr size_t kPage = 4096;

class SegmentsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    id_ = shmget(IPC_PRIVATE, 3 * kPage, IPC_CREAT | 0600);
    if (id_ < 0) GTEST_SKIP() << "no shared memory segments here";
  }
  void TearDown() override {
    if (id_ >= 0) shmctl(id_, IPC_RMID, nullptr);
  }
  TrackedRun run_;
  int id_ = -1;
};

TEST_F(SegmentsTest, EachAttachmentIsAMappingOfTheWholeSegment) {
  void* const first = AttachSegment(id_, nullptr, 0);
  void* const second = AttachSegment(id_, nullptr, SHM_RDONLY);
  EXPECT_EQ(run_.mapped_bytes(), 6 * kPage);
  EXPECT_NE(run_.SiteOfMapping(first), run_.SiteOfMapping(second));
  EXPECT_EQ(DetachSegment(first), 0);
  EXPECT_EQ(run_.mapped_bytes(), 3 * kPage);
  EXPECT_EQ(DetachSegment(second), 0);
  EXPECT_EQ(run_.mapped_bytes(), 0u);
  run_.ExpectBalanced();
}

TEST_F(SegmentsTest, WhatFailsIsNeitherRememberedNorForgotten) {
  errno = 0;
  EXPECT_EQ(AttachSegment(-1, nullptr, 0), reinterpret_cast<void*>(-1));
  EXPECT_EQ(errno, EINVAL);
  void* const attached = AttachSegment(id_, nullptr, 0);
  made::g_script.refusals = 1;
  EXPECT_EQ(DetachSegment(attached), -1);
  EXPECT_EQ(run_.mapped_bytes(), 3 * kPage);
  EXPECT_EQ(DetachSegment(&run_), -1) << "nothing is attached there";
  EXPECT_EQ(run_.mapped_bytes(), 3 * kPage);
  EXPECT_EQ(DetachSegment(attached), 0);
  run_.ExpectBalanced();
}

TEST_F(SegmentsTest, AnAttachmentOverAMappingTakesItsPlace) {
  void* const mapped =
      MapMemory(nullptr, 8 * kPage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  ASSERT_EQ(AttachSegment(id_, mapped, SHM_REMAP), mapped);
  EXPECT_EQ(run_.mapped_bytes(), 8 * kPage);
  EXPECT_EQ(DetachSegment(mapped), 0);
  EXPECT_EQ(run_.mapped_bytes(), 5 * kPage);
  run_.ExpectBalanced();
}

TEST_F(SegmentsTest, UnderAFilterTheSizeCannotBeAskedForWhichIsALoss) {
  raw::forbidden.store(true);
  void* const attached = AttachSegment(id_, nullptr, 0);
  raw::forbidden.store(false);
  EXPECT_NE(attached, reinterpret_cast<void*>(-1));
  EXPECT_EQ(run_.mapped_bytes(), 0u);
  EXPECT_EQ(run_.loss(capture::kLostMappings), 1u);
  EXPECT_EQ(DetachSegment(attached), 0);
}

class BreakTest : public ::testing::Test {
 protected:
  TrackedRun run_;
};

TEST_F(BreakTest, WhatItMovesUpByIsTheCallersToTheByte) {
  void* const before = MoveBreak(100);
  EXPECT_EQ(run_.mapped_bytes(), 100u);
  EXPECT_EQ(MoveBreak(0), static_cast<char*>(before) + 100);
  EXPECT_EQ(run_.mapped_bytes(), 100u);
  MoveBreak(-30);
  EXPECT_EQ(run_.mapped_bytes(), 70u);
  EXPECT_EQ(SetBreak(static_cast<char*>(before) + 500), 0);
  EXPECT_EQ(run_.mapped_bytes(), 500u);
  EXPECT_EQ(SetBreak(before), 0);
  EXPECT_EQ(run_.mapped_bytes(), 0u);
  run_.ExpectBalanced();
}

TEST_F(BreakTest, ACallThatFailsChangesNothing) {
  void* const before = MoveBreak(100);
  for (const intptr_t by : {50, -50}) {
    made::g_script.refusals = 1;
    EXPECT_EQ(MoveBreak(by), reinterpret_cast<void*>(-1)) << by;
    made::g_script.refusals = 1;
    EXPECT_EQ(SetBreak(static_cast<char*>(before) + 100 + by), -1) << by;
  }
  EXPECT_EQ(run_.mapped_bytes(), 100u);
  run_.ExpectBalanced();
}

TEST_F(BreakTest, WhereTheCLibraryHasNoBreakThereIsNoMemory) {
  g_real.sbrk = nullptr;
  errno = 0;
  EXPECT_EQ(MoveBreak(10), reinterpret_cast<void*>(-1));
  EXPECT_EQ(errno, ENOMEM);
  errno = 0;
  EXPECT_EQ(SetBreak(&run_), -1);
  EXPECT_EQ(errno, ENOMEM);
}

}  // namespace
}  // namespace leaktrack::track
