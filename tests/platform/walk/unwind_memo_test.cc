// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <vector>

#include "libtrack/platform/walk/stack_fold.h"
#include "libtrack/platform/walk/unwinder.h"
#include "tests/platform/walk/stack_oracle.h"
#include "tests/platform/walk/wanderer.h"

namespace leaktrack::track {
namespace {

#define NOINLINE __attribute__((noinline))

// Walks from its caller with the memo and without it, and compares the two.
struct Watcher {
  UnwindMemo memo{};
  UnwindMemo empty{};
  int checks = 0;

  NOINLINE void Look() {
    const StackStart start = LEAKTRACK_CALLER_STACK_START();
    capture::Frame with_memo[kMaxFrames], now[kMaxFrames];
    empty.count = 0;
    const WalkResult without = Walk(empty, start, now);
    const WalkResult with = Walk(memo, start, with_memo);
    ASSERT_EQ(with.frame_count, without.frame_count);
    ASSERT_TRUE(std::equal(now, now + without.frame_count, with_memo));
    ASSERT_EQ(with.fold, without.fold);
    ASSERT_EQ(with.fold, FoldFrames({now, without.frame_count}));
    ++checks;
  }
};

TEST(UnwindMemoTest, RandomWalksAgreeWithWalksFromAnEmptyMemo) {
  BindTestModules();
  auto watcher = std::make_unique<Watcher>();
  Wanderer wanderer([&] { watcher->Look(); });
  wanderer.Run(300);
  EXPECT_GT(watcher->checks, 1000);
}

TEST(UnwindMemoTest, ALeafWalkedTwiceTakesAllOuterFramesFromTheMemo) {
  auto memo = std::make_unique<UnwindMemo>();
  std::vector<uintptr_t> walks[2];
  for (auto& walk : walks) walk = WalkHere(*memo);
  EXPECT_EQ(walks[0], walks[1]);
  EXPECT_EQ(memo->count, walks[0].size());
  EXPECT_EQ(memo->complete, 1U);
}

TEST(UnwindMemoTest, ARewrittenReturnAddressIsNotTakenFromTheMemo) {
  auto memo = std::make_unique<UnwindMemo>();
  const std::vector<uintptr_t> before = WalkHere(*memo);
  ASSERT_GT(before.size(), 4U);
  // The memo claims another value for a slot. The slot itself must win.
  const uint32_t index = memo->count - 2;
  memo->entries[index].return_address += 1;
  memo->frames[index] += 1;
  const std::vector<uintptr_t> after = WalkHere(*memo);
  ASSERT_EQ(after.size(), before.size());
  for (size_t i = 1; i < after.size(); ++i) EXPECT_EQ(after[i], before[i]);
}

TEST(UnwindMemoTest, AnotherSavedFramePointerEndsTheReuse) {
  auto memo = std::make_unique<UnwindMemo>();
  const std::vector<uintptr_t> before = WalkHere(*memo);
  for (uint32_t i = 1; i < memo->count; ++i) {  // all but the leaf
    memo->entries[i].fp ^= 0x40;
    memo->frames[i] ^= 1;  // visible if the memo's frames were reused
  }
  const std::vector<uintptr_t> after = WalkHere(*memo);
  ASSERT_EQ(after.size(), before.size());
  EXPECT_EQ(after[1], before[1]);
}

}  // namespace
}  // namespace leaktrack::track
