// SPDX-License-Identifier: Apache-2.0
//
// What the callers of the cold half must hold to.
#include <gtest/gtest.h>

#include "libtrack/runtime/annotations.h"
#include "libtrack/runtime/drainer.h"
#include "libtrack/runtime/image_memory.h"
#include "libtrack/runtime/own_changes.h"
#include "libtrack/runtime/run.h"
#include "libtrack/runtime/run_start.h"
#include "libtrack/runtime/threads.h"
#include "tests/support/preconditions.h"

namespace leaktrack::track {
namespace {

TEST(BeforeARunDeathTest, ThereIsNoImageToUse) {
  constexpr char kCondition[] = "ImageHeader() != nullptr";
  UseImage({}, 0);
  EXPECT_PRECONDITION(CommitRegion(capture::kRegionCells, 1), kCondition);
  EXPECT_PRECONDITION(NowMsByClock(), kCondition);
  EXPECT_PRECONDITION(TidyRecorders(), kCondition);
  EXPECT_PRECONDITION(StartDrainer({-1, -1, "", false}), kCondition);
}

TEST(ImageMemoryDeathTest, AHeaderIsWholePages) {
  EXPECT_PRECONDITION(UseImage({}, 100), "header_bytes % kPageBytes == 0");
}

TEST(ThreadsDeathTest, ArePreparedBeforeOneIsAttachedAndThatOneHoldsItsGuard) {
  HotThread hot{};
  EXPECT_PRECONDITION(AttachThread(hot), "g_threads_tracker != nullptr");
  PrepareThreads(&g_tracker);
  EXPECT_PRECONDITION(AttachThread(hot), "hot.guard_place != nullptr");
}

// As if a drainer ran, which this thread is not.
class DrainerDeathTest : public ::testing::Test {
 protected:
  void SetUp() override { g_drainer_phase.store(DrainerPhase::kRunning); }
  void TearDown() override { g_drainer_phase.store(DrainerPhase::kNone); }
};

TEST_F(DrainerDeathTest, WhatIsTheDrainersNobodyElseDoes) {
  constexpr char kCondition[] = "ActsForDrainer()";
  EXPECT_PRECONDITION(CommitAhead({}), kCondition);
  EXPECT_PRECONDITION(RetryThreadMemory(), kCondition);
  EXPECT_PRECONDITION(RepeatOwnChanges(), kCondition);
  EXPECT_PRECONDITION(NotePressure({}), kCondition);
}

TEST_F(DrainerDeathTest, ThereIsOne) {
  EXPECT_PRECONDITION(StartDrainer({-1, -1, "", false}), "!DrainerRuns()");
}

}  // namespace
}  // namespace leaktrack::track
