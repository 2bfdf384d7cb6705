// SPDX-License-Identifier: Apache-2.0
#include "libtrack/platform/stack_cache.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <memory>
#include <vector>

#include "tests/platform/stack_oracle.h"
#include "tests/platform/wanderer.h"

namespace leaktrack::track {
namespace {

#define NOINLINE __attribute__((noinline))
volatile int g_sink;
volatile int g_two = 2, g_four = 4;  // so that a loop stays one, which calls from one place

// Does what a birth does, and holds what it is told against a walk that remembers nothing.
struct Watcher {
  UnwindMemo memo{};
  UnwindMemo empty{};
  StackCache cache{};
  std::vector<std::vector<capture::Frame>> known{{}};  // by what was kept for the stack
  int stood = 0;
  int walked = 0;

  // Whether the stack was known.
  NOINLINE bool Look() { return LookFrom(LEAKTRACK_CALLER_STACK_START()); }

  NOINLINE bool LookFrom(const StackStart& start) {
    const uint32_t found = cache.Find(memo, start);
    capture::Frame frames[kMaxFrames];
    empty.count = 0;
    const WalkResult oracle = Walk(empty, start, frames);
    const std::vector<capture::Frame> now(frames, frames + oracle.frame_count);
    ++(found != 0 ? stood : walked);
    if (found != 0) {
      EXPECT_EQ(known.at(found), now);
      return true;
    }
    const WalkResult walk = Walk(memo, start, frames);
    EXPECT_TRUE(std::equal(now.begin(), now.end(), frames, frames + walk.frame_count));
    cache.Keep(memo, start, static_cast<uint32_t>(known.size()));
    known.push_back(now);
    return false;
  }
};

class StackCacheTest : public ::testing::Test {
 protected:
  StackCacheTest() {
    BindTestModules();
    for (int i = 0; i < 2; ++i) watcher_->Look();  // the first walk may refresh the map of modules
  }

  // Looks four times from one place in the code, after `before_last` the last time: whether the stack was known then.
  template <typename Act>
  NOINLINE bool KnownAfter(Act before_last) {
    bool known = false;
    for (int i = 0; i < g_four; ++i) {
      if (i == 3) before_last();
      known = watcher_->Look();
    }
    return known;
  }

  std::unique_ptr<Watcher> watcher_ = std::make_unique<Watcher>();
};

TEST_F(StackCacheTest, NeverTakesAStackForAnotherOnRandomWalks) {
  Wanderer wanderer([this] { watcher_->Look(); });
  wanderer.Run(600);
  EXPECT_GT(watcher_->stood, 1000);
  EXPECT_GT(watcher_->walked, 1000);
}

NOINLINE bool LookFromLargeFrame(Watcher& watcher) {
  volatile char room[3 * 4096 + 100];
  room[0] = 1;
  bool known = false;
  for (int i = 0; i < g_two; ++i) known = watcher.Look();
  g_sink = room[0];
  return known;
}

TEST_F(StackCacheTest, KnowsAStackBelowAFrameOfSeveralPages) { EXPECT_TRUE(LookFromLargeFrame(*watcher_)); }

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

TEST_F(StackCacheTest, KnowsAStackWhateverTheCallerUsesTheFramePointerFor) {
  bool known = false;
  for (int rbp = 1; rbp <= g_four; ++rbp) known = LookWithRbp(watcher_.get(), static_cast<uintptr_t>(rbp) * 0x1234567);
  EXPECT_TRUE(known);
}

// Of a caller that keeps a frame pointer, as all of this file do.
NOINLINE void FindWithAnotherRbp(Watcher& watcher) {
  StackStart start = LEAKTRACK_CALLER_STACK_START();
  watcher.LookFrom(start);
  EXPECT_NE(watcher.cache.Find(watcher.memo, start), 0U);
  start.fp += 16;
  EXPECT_EQ(watcher.cache.Find(watcher.memo, start), 0U);
}

TEST_F(StackCacheTest, DoesNotKnowAStackWhereTheFramePointerFindsAnotherFrame) {
  FindWithAnotherRbp(*watcher_);
  g_sink = 1;  // no tail call
}

// One frame of one size, called from several places: they differ by a return address alone.
NOINLINE bool LookFromHere(Watcher& watcher) {
  const bool known = watcher.Look();
  g_sink = known;
  return known;
}
template <int kCaller>
NOINLINE bool LookFromCaller(Watcher& watcher) {
  const bool known = LookFromHere(watcher);
  g_sink = kCaller;
  return known;
}

TEST_F(StackCacheTest, TellsCallersApartAndKnowsFourOfThem) {
  int known = 0;
  for (int i = 0; i < g_two; ++i) {
    known += LookFromCaller<1>(*watcher_);
    known += LookFromCaller<2>(*watcher_);
    known += LookFromCaller<3>(*watcher_);
    known += LookFromCaller<4>(*watcher_);
  }
  EXPECT_EQ(known, 4);
}

NOINLINE int LookAtEachDepth(Watcher& watcher, int depth) {
  volatile char room[40];
  room[0] = 1;
  int known = watcher.Look();
  if (depth > 1) known += LookAtEachDepth(watcher, depth - 1);
  g_sink = room[0];
  return known;
}

TEST_F(StackCacheTest, KnowsAllStacksOfARecursion) {
  int known = 0;
  for (int i = 0; i < g_two; ++i) known = LookAtEachDepth(*watcher_, 12);
  EXPECT_EQ(known, 12);
}

TEST_F(StackCacheTest, ForgetsTheOldestWhereThereAreTooMany) {
  int known = 0;
  for (int i = 0; i < g_two; ++i) known = LookAtEachDepth(*watcher_, 100);
  EXPECT_LT(known, 64);
}

Watcher* g_watcher;

TEST_F(StackCacheTest, KnowsAStackAgainAfterASignalFrameHasComeAndGone) {
  g_watcher = watcher_.get();
  const auto old_handler = signal(SIGUSR1, [](int) { g_watcher->Look(); });
  raise(SIGUSR1);
  EXPECT_TRUE(KnownAfter([] { raise(SIGUSR1); }));
  signal(SIGUSR1, old_handler);
}

TEST_F(StackCacheTest, KnowsNothingAfterModulesOrStacksMayHaveChanged) {
  EXPECT_TRUE(KnownAfter([] {}));
  EXPECT_FALSE(KnownAfter([] { NoteUnmap(); }));
  EXPECT_FALSE(KnownAfter([] { g_module_map_epoch.fetch_add(1); }));
  EXPECT_FALSE(KnownAfter([this] { watcher_->cache.Clear(); }));
  EXPECT_TRUE(KnownAfter([] {}));
}

TEST_F(StackCacheTest, ReadsNothingThatTheMemoDoesNotKnowToBeReadable) {
  EXPECT_FALSE(KnownAfter([this] { watcher_->memo.walking = 1; })) << "jumped out of";
  EXPECT_FALSE(KnownAfter([this] { watcher_->memo.readable_low = watcher_->memo.readable_high; }));
  EXPECT_FALSE(KnownAfter([this] { watcher_->memo.readable_high = reinterpret_cast<uintptr_t>(__builtin_frame_address(0)) + 64; }));
  EXPECT_TRUE(KnownAfter([] {}));
}

NOINLINE bool LookAtDepth(Watcher& watcher, int depth) {
  volatile char room[40];
  room[0] = 1;
  const bool known = depth > 1 ? LookAtDepth(watcher, depth - 1) : watcher.Look();
  g_sink = room[0];
  return known;
}

TEST_F(StackCacheTest, KeepsNoStackThatWasCut) {
  bool known = false, cut_known = false;
  for (int i = 0; i < g_two; ++i) {
    known = LookAtDepth(*watcher_, 50);
    cut_known = LookAtDepth(*watcher_, static_cast<int>(kMaxFrames));
  }
  EXPECT_TRUE(known);
  EXPECT_FALSE(cut_known);
}

}  // namespace
}  // namespace leaktrack::track
