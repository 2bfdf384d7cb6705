// SPDX-License-Identifier: Apache-2.0
//
// In a program that has the library's code and none of its names: each hook is bypassed.
#include "libtrack/runtime/hook_coverage.h"

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>

#include "libtrack/record/thread_state.h"

namespace leaktrack::track {
namespace {

TEST(HookCoverageTest, AProgramWhoseMallocNeverComesToUsIsToldSo) {
  hot_thread.countdown = 12'345;
  FindHooks();
  EXPECT_TRUE(HeapIsBypassed());
  EXPECT_EQ(hot_thread.countdown, 12'345u) << "the question costs the thread nothing";
  const auto header = std::make_unique<capture::RecorderHeader>();
  DescribeHooks(*header);
  std::map<std::string, capture::HookState> states;
  for (const capture::HookName& hook : header->hooks) {
    if (hook.used != 0) states[hook.name] = static_cast<capture::HookState>(hook.state.load());
  }
  for (const char* name :
       {"malloc", "free", "calloc", "realloc", "_Znwm", "_ZdlPv", "mmap", "brk"}) {
    ASSERT_EQ(states.count(name), 1u) << name;
    EXPECT_EQ(states[name], capture::HookState::kBypassed) << name;
  }
  g_heap_is_bypassed = false;
}

TEST(HookCoverageTest, WhoeverOwnsMallocIsKnownByTheRuntimeItBrings) {
  const char* const owner = FindOwnerOfMalloc();
#if defined(__SANITIZE_ADDRESS__)
  EXPECT_STREQ(owner, "was built with AddressSanitizer");
#elif defined(__SANITIZE_THREAD__)
  EXPECT_STREQ(owner, "was built with ThreadSanitizer");
#else
  EXPECT_EQ(owner, nullptr);
#endif
}

TEST(HookCoverageTest, ThereIsNoSecondCopyHere) { EXPECT_FALSE(IsSecondCopy()); }

}  // namespace
}  // namespace leaktrack::track
