// SPDX-License-Identifier: Apache-2.0
//
// An allocator that calls itself by its public names: the made one, in a library of its own.
#include "libtrack/wrap/inner_calls.h"

#include <dlfcn.h>
#include <gtest/gtest.h>
#include <link.h>

#include "libtrack/wrap/heap.h"
#include "tests/wrap/tracked_run.h"

namespace leaktrack::track {
namespace {

class InnerCallsTest : public ::testing::Test {
 protected:
  static void WatchMade() {
    Dl_info info{};
    link_map* object = nullptr;
    ASSERT_NE(dladdr1(reinterpret_cast<void*>(made::Malloc), &info,
                      reinterpret_cast<void**>(&object), RTLD_DL_LINKMAP),
              0);
    WatchInnerCallsOf(object);
    ASSERT_TRUE(g_inner_calls_watched);
    ASSERT_NE(g_real.malloc, made::Malloc) << "a step stands before it";
  }
  TrackedRun run_;
};

InnerCall JudgeHere() {
  const HookGuard guard;
  ThreadState* const state = StateForRecording(hot_thread, guard);
  return JudgeInnerCall(*state, {reinterpret_cast<uintptr_t>(__builtin_return_address(0)),
                                 reinterpret_cast<uintptr_t>(__builtin_frame_address(0)) + 16,
                                 *static_cast<const uintptr_t*>(__builtin_frame_address(0))});
}

TEST_F(InnerCallsTest, ACallOfTheProgramsIsNone) { EXPECT_EQ(JudgeHere(), InnerCall::kNone); }

TEST_F(InnerCallsTest, TheMallocBehindTheHooksIsTheOneOfTheTable) {
  EXPECT_EQ(RealMalloc(), reinterpret_cast<const void*>(made::Malloc));
}

TEST_F(InnerCallsTest, WhatAnAllocatorTakesFromItselfIsOneBlockOfTheProgramsSize) {
  WatchMade();
  made::g_script.public_malloc = MallocSlow;
  void* const block = MemalignSlow(64, 1000);
  EXPECT_EQ(made::g_script.allocations, 1);
  EXPECT_EQ(run_.births(), 1u);
  ASSERT_TRUE(run_.Find(block).has_value());
  EXPECT_EQ(run_.bytes(), 1000u);
}

TEST_F(InnerCallsTest, BelowTheBudgetTheOuterCallIsOneToo) {
  WatchMade();
  made::g_script.public_malloc = MallocSlow;
  (void)g_real.memalign(64, 1000);  // as the fast path goes on
  EXPECT_EQ(made::g_script.allocations, 1);
  EXPECT_EQ(run_.births(), 0u);
}

TEST_F(InnerCallsTest, WhileTheyAreWatchedTheProgramsOwnCallsAreRecorded) {
  WatchMade();
  for (int i = 0; i < 3; ++i) FreeSlow(ReallocSlow(MallocSlow(10), 20));
  EXPECT_EQ(run_.births(), 6u);
  EXPECT_EQ(run_.blocks(), 0u);
}

TEST_F(InnerCallsTest, NothingIsWatchedWhereTheNextMallocIsTheCLibrarys) {
  WatchInnerCalls();  // or a sanitizer's, which stands before all that the C library has
  EXPECT_FALSE(g_inner_calls_watched);
  EXPECT_EQ(g_real.malloc, made::Malloc) << "no step stands before it";
}

}  // namespace
}  // namespace leaktrack::track
