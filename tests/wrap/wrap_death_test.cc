// SPDX-License-Identifier: Apache-2.0
//
// What the callers of wrap must hold to.
#include <gtest/gtest.h>

#include "libtrack/wrap/inner_calls.h"
#include "libtrack/wrap/mapping_calls.h"
#include "tests/support/preconditions.h"
#include "tests/wrap/tracked_run.h"

namespace leaktrack::track {
namespace {

TEST(MappingCallsDeathTest, OnlyMappingCallsMayBeHandedOn) {
  EXPECT_PRECONDITION(MappingCall(StackStart{}, SYS_getpid, 0, 0, 0, 0, 0, 0),
                      "IsMappingCall(number)");
}

TEST(InnerCallsDeathTest, AreJudgedWithTheGuardHeld) {
  static ThreadState state{};
  EXPECT_PRECONDITION(JudgeInnerCall(state, {}), "hot_thread.guard_place != nullptr");
}

TEST(InnerCallsDeathTest, AreWatchedFromTheStartAndOnce) {
  EXPECT_PRECONDITION((g_inner_calls_watched = true, WatchInnerCallsOf(nullptr)),
                      "!g_inner_calls_watched");
}

}  // namespace
}  // namespace leaktrack::track
