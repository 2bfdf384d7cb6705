// SPDX-License-Identifier: Apache-2.0
#include "libtrack/platform/walk/stack_cache.h"

#include <gtest/gtest.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <memory>
#include <utility>

#include "libtrack/platform/cfi/rule_cache.h"
#include "tests/platform/walk/stack_oracle.h"
#include "tests/platform/walk/wanderer.h"

namespace leaktrack::track {
namespace {

#define NOINLINE __attribute__((noinline))
volatile int g_sink;
// Variables, so that the loop is not unrolled and calls from one place.
volatile int g_two = 2, g_four = 4;

// Does what a birth does, and compares the answer with a walk without memo and cache. Allocates
// nothing, because handlers use it.
struct Watcher {
  static constexpr uint32_t kKept = 1024;  // more than the cache can hold
  struct Frames {
    capture::Frame frames[kMaxFrames];
    uint32_t count;
    bool operator==(const Frames& other) const {
      return std::equal(frames, frames + count, other.frames, other.frames + other.count);
    }
  };

  UnwindMemo memo{};
  UnwindMemo empty{};
  StackCache cache{};
  Frames kept[kKept];  // indexed by the value kept for the stack, minus one
  int stood = 0;
  int walked = 0;

  // True if the stack was known.
  NOINLINE bool Look() { return LookFrom(LEAKTRACK_CALLER_STACK_START()); }

  NOINLINE bool LookFrom(const StackStart& start) {
    const uint32_t found = cache.Find(memo, start);
    Frames oracle, now;
    empty.count = 0;
    oracle.count = Walk(empty, start, oracle.frames).frame_count;
    ++(found != 0 ? stood : walked);
    if (found != 0) {
      EXPECT_EQ(kept[found - 1], oracle);
      return true;
    }
    now.count = Walk(memo, start, now.frames).frame_count;
    EXPECT_EQ(now, oracle);
    const auto place = static_cast<uint32_t>(walked) % kKept;
    kept[place] = oracle;
    cache.Keep(memo, start, place + 1);
    return false;
  }
};

class StackCacheTest : public ::testing::Test {
 protected:
  StackCacheTest() {
    BindTestModules();
    for (int i = 0; i < 2; ++i) watcher_->Look();  // the first walk may refresh the map of modules
  }

  // Looks four times from one place in the code, and calls `before_last` before the last time.
  // Returns whether the stack was known then.
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

TEST_F(StackCacheTest, KnowsAStackBelowAFrameOfSeveralPages) {
  EXPECT_TRUE(LookFromLargeFrame(*watcher_));
}

// Looks with a value in rbp that is no frame, as in functions that use rbp for any value.
extern "C" bool LookWithRbp(Watcher* watcher, uintptr_t rbp);
extern "C" NOINLINE bool LookFromAssembly(Watcher* watcher) {
  return watcher->LookFrom(LEAKTRACK_CALLER_STACK_START());
}
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
  for (int rbp = 1; rbp <= g_four; ++rbp)
    known = LookWithRbp(watcher_.get(), static_cast<uintptr_t>(rbp) * 0x1234567);
  EXPECT_TRUE(known);
}

// For a caller that keeps a frame pointer, as all functions in this file do.
NOINLINE void FindWithAnotherRbp(Watcher& watcher) {
  StackStart start = LEAKTRACK_CALLER_STACK_START();
  watcher.LookFrom(start);
  EXPECT_NE(watcher.cache.Find(watcher.memo, start), 0U);
  auto* const saved = reinterpret_cast<volatile uintptr_t*>(start.fp);
  *saved = *saved + 16;
  const uint32_t by_another_saved_one = watcher.cache.Find(watcher.memo, start);
  *saved = *saved - 16;
  EXPECT_EQ(by_another_saved_one, 0U);
  start.fp += 16;
  EXPECT_EQ(watcher.cache.Find(watcher.memo, start), 0U);
}

NOINLINE void CallFindWithAnotherRbp(Watcher& watcher) {
  FindWithAnotherRbp(watcher);
  g_sink = 1;  // no tail call
}

TEST_F(StackCacheTest, DoesNotKnowAStackWhereTheFramePointerFindsAnotherFrame) {
  CallFindWithAnotherRbp(*watcher_);
  g_sink = 1;
}

// One frame of one size, called from several places: they differ only in a return address.
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
  for (int i = 0; i < g_two; ++i) known = LookAtEachDepth(*watcher_, 4);
  EXPECT_EQ(known, 4);
}

TEST_F(StackCacheTest, ForgetsTheOldestWhereThereAreTooMany) {
  int known = 0;
  for (int i = 0; i < g_two; ++i) known = LookAtEachDepth(*watcher_, 100);
  EXPECT_EQ(known, 0);
}

Watcher* g_watcher;

TEST_F(StackCacheTest, KnowsAStackAgainAfterASignalFrameHasComeAndGone) {
  g_watcher = watcher_.get();
  const auto old_handler = signal(SIGUSR1, [](int) { g_watcher->Look(); });
  bool known = false;
  for (int i = 0; i < 20 && !known; ++i)
    // The handler's walks may refresh the map of modules.
    known = KnownAfter([] { raise(SIGUSR1); });
  EXPECT_TRUE(known);
  signal(SIGUSR1, old_handler);
}

// The signal interrupts this function itself, whose frame is found by rbp.
NOINLINE void RaiseHere(int signal) {
  const long pid = getpid(), tid = gettid();
  long result;
  __asm__ volatile("syscall"
                   : "=a"(result)
                   : "a"(SYS_tgkill), "D"(pid), "S"(tid), "d"(signal)
                   : "rcx", "r11", "memory");
  g_sink = static_cast<int>(result);
}

TEST_F(StackCacheTest, KeepsNoStackOfASignalHandler) {
  g_watcher = watcher_.get();
  static bool known = false;
  const auto old_handler = signal(SIGUSR1, [](int) {
    for (int i = 0; i < g_four; ++i) known |= g_watcher->Look();
  });
  RaiseHere(SIGUSR1);
  signal(SIGUSR1, old_handler);
  EXPECT_FALSE(known);
}

// Keeps the last stack again, with the memo as it is, or altered.
NOINLINE void KeepOnlyWhatIsSettled(Watcher& watcher) {
  const StackStart start = LEAKTRACK_CALLER_STACK_START();
  watcher.LookFrom(start);
  const auto is_kept = [&] {
    watcher.cache.Clear();
    watcher.cache.Keep(watcher.memo, start, 1);
    return watcher.cache.Find(watcher.memo, start) != 0;
  };
  const capture::Frame known =
      std::exchange(watcher.memo.frames[2], capture::MakeFrame(capture::kUnknownModule, 0x1234));
  EXPECT_TRUE(is_kept()) << "made code, which has its rule";
  g_rule_cache.Sweep([](capture::Frame) { return true; });
  EXPECT_FALSE(is_kept()) << "the next walk may name its module";
  watcher.memo.frames[2] = known;
  EXPECT_TRUE(is_kept()) << "only its rule was lost";
}

TEST_F(StackCacheTest, KeepsNoStackWithAFrameThatTheNextWalkMayNameBetter) {
  KeepOnlyWhatIsSettled(*watcher_);
  g_sink = 1;  // no tail call
}

TEST_F(StackCacheTest, ForgetsAStackOfOneFrame) {
  const StackStart start = LEAKTRACK_CALLER_STACK_START();
  watcher_->LookFrom(start);
  watcher_->memo.count = 1;
  watcher_->cache.Clear();
  watcher_->cache.Keep(watcher_->memo, start, 1);
  EXPECT_EQ(watcher_->cache.Find(watcher_->memo, start), 1U);
  watcher_->cache.Clear();
  EXPECT_EQ(watcher_->cache.Find(watcher_->memo, start), 0U);
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
  EXPECT_FALSE(KnownAfter([this] {
    watcher_->memo.readable_high = reinterpret_cast<uintptr_t>(__builtin_frame_address(0)) + 64;
  }));
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
