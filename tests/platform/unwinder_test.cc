// SPDX-License-Identifier: Apache-2.0
#include "libtrack/platform/unwinder.h"

#include <dlfcn.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <ucontext.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <functional>
#include <memory>
#include <random>
#include <thread>

#include "libtrack/platform/module_map.h"
#include "libtrack/platform/raw.h"
#include "libtrack/platform/stack_fold.h"
#include "libtrack/platform/stack_probe.h"
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

WalkResult WalkFrom(const StackStart& start) {
  BindTestModules();
  static UnwindMemo memo;
  capture::Frame frames[kMaxFrames];
  return Walk(memo, start, frames);
}

TEST(ReadableTest, TheNullPageIsNotWhateverTheKernelMakesOfANullArgument) {
  EXPECT_FALSE(raw::Readable(nullptr));
  EXPECT_FALSE(raw::Readable(reinterpret_cast<const void*>(8)));
  EXPECT_TRUE(raw::Readable(&errno));
}

TEST(UnwinderTest, GarbageRegistersNeverFault) {
  std::mt19937_64 random(20240817);
  const auto code = reinterpret_cast<uintptr_t>(&WalkFrom);
  int here = 0;
  const uintptr_t bases[] = {reinterpret_cast<uintptr_t>(&here) & ~uintptr_t{7}, code, 0, 8, UINTPTR_MAX - 15,
                             uintptr_t{1} << 47, reinterpret_cast<uintptr_t>(stderr)};
  for (int round = 0; round < 20'000; ++round) {
    const StackStart start = {.pc = round % 2 == 0 ? code + random() % 4096 : random(),
                              .sp = bases[random() % 7] + 8 * (random() % 64),
                              .fp = round % 3 == 0 ? random() : bases[random() % 7] + random() % 512};
    EXPECT_LE(WalkFrom(start).frame_count, kMaxFrames);
  }
}

TEST(UnwinderTest, AStackThatEndsAtAnUnmappedPageIsCutThere) {
  constexpr size_t kPage = 4096;
  auto* pages = static_cast<char*>(mmap(nullptr, 2 * kPage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
  memset(pages, 0x41, kPage);  // no zero that would look like a root
  munmap(pages + kPage, kPage);
  const auto end = reinterpret_cast<uintptr_t>(pages) + kPage;
  for (uintptr_t back = 8; back <= 64; back += 8) {
    const WalkResult result = WalkFrom({reinterpret_cast<uintptr_t>(&WalkFrom) + 40, end - back, end - back});
    EXPECT_TRUE(result.truncated);
  }
  munmap(pages, kPage);
}

TEST(UnwinderTest, AStackUnmappedAfterItWasProbedIsProbedAgain) {
  constexpr size_t kPage = 4096;
  auto* page = static_cast<char*>(mmap(nullptr, kPage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
  const StackStart start = {reinterpret_cast<uintptr_t>(&WalkFrom) + 40, reinterpret_cast<uintptr_t>(page) + 64,
                            reinterpret_cast<uintptr_t>(page) + 128};
  WalkFrom(start);
  munmap(page, kPage);
  NoteUnmap();
  EXPECT_TRUE(WalkFrom(start).truncated);
}

ucontext_t g_main_context;
ucontext_t g_fiber_context;
std::vector<uintptr_t> g_fiber_walk;
bool g_fiber_truncated;

NOINLINE void FiberInner(UnwindMemo* memo) {
  g_fiber_walk = WalkHere(*memo, &g_fiber_truncated);
  g_sink = 1;
}
void FiberMain(unsigned low, unsigned high) {
  FiberInner(reinterpret_cast<UnwindMemo*>(uintptr_t{high} << 32 | low));
  g_sink = 2;
}

template <typename Function>
bool IsInside(uintptr_t address, Function* function) {
  return address - reinterpret_cast<uintptr_t>(function) < 512;
}

TEST(UnwinderTest, AFiberOnASmallStackIsWalkedToItsFirstFunctionAndNotIntoOtherMemory) {
  auto memo = std::make_unique<UnwindMemo>();
  constexpr size_t kStack = 64 << 10;
  for (int round = 0; round < 3; ++round) {
    void* const stack = mmap(nullptr, kStack, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    const size_t on_main = WalkHere(*memo).size();
    getcontext(&g_fiber_context);
    g_fiber_context.uc_stack.ss_sp = stack;
    g_fiber_context.uc_stack.ss_size = kStack;
    g_fiber_context.uc_link = &g_main_context;
    const auto address = reinterpret_cast<uintptr_t>(memo.get());
    makecontext(&g_fiber_context, reinterpret_cast<void (*)()>(FiberMain), 2, static_cast<unsigned>(address),
                static_cast<unsigned>(address >> 32));
    swapcontext(&g_main_context, &g_fiber_context);
    // glibc enters __start_context by a return and says nothing of a root there.
    ASSERT_EQ(g_fiber_walk.size(), 3U);
    EXPECT_FALSE(g_fiber_truncated);
    EXPECT_TRUE(IsInside(g_fiber_walk[0], &FiberInner));
    EXPECT_TRUE(IsInside(g_fiber_walk[1], &FiberMain));
    EXPECT_EQ(WalkHere(*memo).size(), on_main);
    munmap(stack, kStack);
    NoteUnmap();
  }
}

// push rbp; mov rbp, rsp; call rdi; pop rbp; ret: code of a JIT with frame pointers, unknown to everyone.
constexpr unsigned char kJitCode[] = {0x55, 0x48, 0x89, 0xe5, 0xff, 0xd7, 0x5d, 0xc3};
std::vector<uintptr_t> g_jit_walk;
bool g_jit_truncated;
UnwindMemo g_jit_memo;

NOINLINE void CalledByJit() {
  g_jit_walk = WalkHere(g_jit_memo, &g_jit_truncated);
  g_sink = 1;
}

TEST(UnwinderTest, CodeWithoutCfiIsFollowedByFramePointers) {
  void* const page = mmap(nullptr, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  ASSERT_NE(page, MAP_FAILED);
  memcpy(page, kJitCode, sizeof(kJitCode));
  const auto jit = reinterpret_cast<void (*)(void (*)())>(page);
  for (int round = 0; round < 3; ++round) {
    jit(CalledByJit);
    EXPECT_FALSE(g_jit_truncated);
    ASSERT_GE(g_jit_walk.size(), 4U);
    EXPECT_EQ(g_jit_walk[1], reinterpret_cast<uintptr_t>(page) + 5);  // the last byte of the call
  }
  munmap(page, 4096);
}

TEST(UnwinderTest, AShortSpanGetsTheLeafAndTheMark) {
  auto memo = std::make_unique<UnwindMemo>();
  BindTestModules();
  capture::Frame frames[3];
  const std::vector<uintptr_t> all = WalkHere(*memo);
  const StackStart start = LEAKTRACK_CALLER_STACK_START();
  const WalkResult result = Walk(*memo, start, frames);
  EXPECT_EQ(result.frame_count, 3U);
  EXPECT_TRUE(result.truncated);
  EXPECT_EQ(AbsoluteAddress(frames[0]), start.pc - 1);
}

TEST(UnwinderTest, TheLibunwindBackendSeesTheSameFrames) {
  ASSERT_TRUE(LoadLibunwind());
  BindTestModules();
  auto memo = std::make_unique<UnwindMemo>();
  capture::Frame ours[kMaxFrames];
  capture::Frame theirs[kMaxFrames];
  const StackStart start = LEAKTRACK_CALLER_STACK_START();
  const WalkResult a = Walk(*memo, start, ours);
  const WalkResult b = WalkWithLibunwind(*memo, start, theirs);
  ASSERT_EQ(a.frame_count, b.frame_count);
  EXPECT_EQ(a.truncated, b.truncated);
  for (uint32_t i = 0; i < a.frame_count; ++i) EXPECT_EQ(ours[i], theirs[i]) << i;
}

TEST(UnwinderTest, ThreadsWalkWhileAnotherLoadsAndUnloads) {
  BindTestModules();
  std::atomic<bool> stop = false;
  std::atomic<int> walks = 0;
  std::atomic<int> cut = 0;
  std::vector<std::thread> walkers;
  for (int t = 0; t < 2; ++t) {
    walkers.emplace_back([&] {
      auto memo = std::make_unique<UnwindMemo>();
      while (!stop) {
        bool truncated = false;
        const size_t frames = WalkHere(*memo, &truncated).size();
        if (truncated || frames < 3) ++cut;
        ++walks;
      }
    });
  }
  for (int round = 0; round < 60; ++round) {
    void* const library = dlopen(LEAKTRACK_SHAPES_LIBRARY, RTLD_NOW | RTLD_LOCAL);
    ASSERT_NE(library, nullptr);
    RefreshModules(1);
    BeginUnload();
    dlclose(library);
    EndUnload(1);
  }
  while (walks < 100) std::this_thread::yield();
  stop = true;
  for (std::thread& walker : walkers) walker.join();
  EXPECT_EQ(cut, 0);
}

}  // namespace
}  // namespace leaktrack::track
