// SPDX-License-Identifier: Apache-2.0
#include "libtrack/platform/unwinder.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstring>
#include <functional>
#include <memory>
#include <random>
#include <vector>

#include "libtrack/platform/module_map.h"
#include "libtrack/platform/stack_fold.h"
#include "tests/platform/stack_oracle.h"

namespace leaktrack::track {
namespace {

#define NOINLINE __attribute__((noinline))
volatile int g_sink;

// Walks from its caller, once with the memo's help and once without, and holds against each other what the three say.
struct Watcher {
  UnwindMemo memo{};
  UnwindMemo empty{};
  capture::Frame last[kMaxFrames];
  size_t last_count = 0;
  int stood = 0;
  int changed = 0;

  // Whether the stack stood as at the last look.
  NOINLINE bool Look() { return LookFrom(LEAKTRACK_CALLER_STACK_START()); }

  NOINLINE bool LookFrom(const StackStart& start) {
    const bool stands = StackStands(memo, start);
    capture::Frame now[kMaxFrames];
    empty.count = 0;
    const WalkResult without = Walk(empty, start, now);
    const bool same = without.frame_count == last_count && std::equal(now, now + last_count, last);
    EXPECT_TRUE(same || !stands);
    ++(stands ? stood : changed);
    const WalkResult with = Walk(memo, start, last);
    last_count = with.frame_count;
    EXPECT_EQ(with.frame_count, without.frame_count);
    EXPECT_TRUE(std::equal(now, now + without.frame_count, last));
    EXPECT_EQ(with.fold, without.fold);
    EXPECT_EQ(with.fold, FoldFrames({now, without.frame_count}));
    return stands;
  }
};

// A tree of calls with several ways down: random walks through it share outer frames, return and descend again.
struct Wanderer {
  std::mt19937 random{20240817};
  UnwindMemo memo{};
  UnwindMemo empty{};
  Watcher watcher;
  int checks = 0;

  NOINLINE void Compare() {
    const std::vector<uintptr_t> with_memo = WalkHere(memo);
    empty.count = 0;
    const std::vector<uintptr_t> without = WalkHere(empty);
    // The first frame is the call site itself: the two calls above differ there, and nowhere else.
    ASSERT_EQ(with_memo.size(), without.size());
    for (size_t i = 1; i < without.size(); ++i) ASSERT_EQ(with_memo[i], without[i]) << "frame " << i;
    ++checks;
  }

  NOINLINE void Left(int depth) {
    volatile char room[24];
    room[0] = 1;
    Wander(depth - 1);
    g_sink = room[0];
  }
  NOINLINE void Right(int depth) {
    volatile char room[200];
    room[0] = 1;
    Wander(depth - 1);
    g_sink = room[0];
  }
  NOINLINE void Variable(int depth) {
    const size_t bytes = 16 + random() % 300;
    auto* room = static_cast<char*>(__builtin_alloca(bytes));
    memset(room, 1, bytes);
    Wander(depth - 1);
    g_sink = room[0];
  }
  NOINLINE void Wander(int depth) {
    const unsigned turns = 1 + random() % 3;
    for (unsigned i = 0; i < turns && depth > 0; ++i) {
      switch (random() % 3) {
        case 0: Left(depth); break;
        case 1: Right(depth); break;
        case 2: Variable(depth); break;
      }
    }
    if (random() % 2 == 0) Compare();
    for (unsigned i = random() % 4; i > 0; --i) watcher.Look();
  }
};

TEST(UnwindMemoTest, RandomWalksAgreeWithWalksFromAnEmptyMemo) {
  auto wanderer = std::make_unique<Wanderer>();
  for (int round = 0; round < 300; ++round) wanderer->Wander(static_cast<int>(wanderer->random() % 9));
  EXPECT_GT(wanderer->checks, 1000);
  EXPECT_GT(wanderer->watcher.stood, 1000);
  EXPECT_GT(wanderer->watcher.changed, 1000);
}

NOINLINE bool LookFromLargeFrame(Watcher& watcher) {
  volatile char room[3 * 4096 + 100];
  room[0] = 1;
  bool stands = false;
#pragma GCC unroll 1  // from one place
  for (int i = 0; i < 3; ++i) stands = watcher.Look();
  g_sink = room[0];
  return stands;
}

TEST(StackStandsTest, AlsoBelowAFrameOfSeveralPages) {
  BindTestModules();
  auto watcher = std::make_unique<Watcher>();
  EXPECT_TRUE(LookFromLargeFrame(*watcher));
}

// Looks with a value in rbp that is nobody's frame, as functions do that use it as they like.
extern "C" bool LookWithRbp(Watcher* watcher, uintptr_t rbp);
extern "C" NOINLINE bool LookFromAssembly(Watcher* watcher) { return watcher->LookFrom(LEAKTRACK_CALLER_STACK_START()); }
__asm__(R"(
  .text
  .type LookWithRbp, @function
LookWithRbp:
  .cfi_startproc
  push %rbp
  .cfi_adjust_cfa_offset 8
  .cfi_rel_offset %rbp, 0
  mov %rsi, %rbp
  sub $16, %rsp
  .cfi_adjust_cfa_offset 16
  call *look_from_assembly(%rip)
  add $16, %rsp
  .cfi_adjust_cfa_offset -16
  pop %rbp
  .cfi_adjust_cfa_offset -8
  ret
  .cfi_endproc
  .size LookWithRbp, . - LookWithRbp
)");
extern "C" __attribute__((used)) bool (*const look_from_assembly)(Watcher*) = LookFromAssembly;

TEST(StackStandsTest, WhateverTheCallerUsesTheFramePointerFor) {
  BindTestModules();
  auto watcher = std::make_unique<Watcher>();
  bool stands = false;
#pragma GCC unroll 1
  for (uintptr_t rbp = 1; rbp < 5; ++rbp) stands = LookWithRbp(watcher.get(), rbp * 0x1234567);
  EXPECT_TRUE(stands);
}

// Four looks from one place in the code (from another one the stack would not stand anyway): whether it stood at the last, before
// which `before[3]` was called.
NOINLINE bool LookFourTimes(Watcher& watcher, const std::array<std::function<void()>, 4>& before) {
  bool stands = false;
#pragma GCC unroll 1
  for (const std::function<void()>& act : before) {
    act();
    stands = watcher.Look();
  }
  return stands;
}

Watcher* g_watcher;

TEST(StackStandsTest, AgainWhenASignalFrameHasComeAndGone) {
  BindTestModules();
  auto watcher = std::make_unique<Watcher>();
  g_watcher = watcher.get();
  const auto old_handler = signal(SIGUSR1, [](int) { g_watcher->Look(); });
  const std::function<void()> nothing = [] {}, interrupt = [] { raise(SIGUSR1); };
  EXPECT_FALSE(LookFourTimes(*watcher, {nothing, nothing, nothing, interrupt})) << "the last walk was the handler's";
  EXPECT_TRUE(LookFourTimes(*watcher, {nothing, interrupt, nothing, nothing}));
  signal(SIGUSR1, old_handler);
}

TEST(StackStandsTest, NotAfterModulesOrStacksMayHaveChanged) {
  BindTestModules();
  auto watcher = std::make_unique<Watcher>();
  const std::function<void()> nothing = [] {};
  const auto look = [&](const std::function<void()>& before_last) {
    return LookFourTimes(*watcher, {nothing, nothing, nothing, before_last});
  };
  EXPECT_TRUE(look(nothing));
  EXPECT_FALSE(look([] { NoteUnmap(); }));
  EXPECT_FALSE(look([&] { watcher->memo.map_epoch += 1; }));
  EXPECT_FALSE(look([&] { watcher->memo.walking = 1, watcher->memo.complete = 0; })) << "jumped out of";
  EXPECT_TRUE(look(nothing));
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
  // The memo claims another history for a slot: the slot itself must win.
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
    memo->frames[i] ^= 1;  // would be seen if it were reused
  }
  const std::vector<uintptr_t> after = WalkHere(*memo);
  ASSERT_EQ(after.size(), before.size());
  EXPECT_EQ(after[1], before[1]);
}

}  // namespace
}  // namespace leaktrack::track
