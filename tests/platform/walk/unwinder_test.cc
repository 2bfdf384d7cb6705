// SPDX-License-Identifier: Apache-2.0
#include "libtrack/platform/walk/unwinder.h"

#include <dlfcn.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <ucontext.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <memory>
#include <random>
#include <thread>
#include <vector>

#include "libtrack/platform/modules/module_map.h"
#include "libtrack/platform/os/raw.h"
#include "libtrack/platform/walk/stack_probe.h"
#include "tests/platform/walk/stack_oracle.h"

namespace leaktrack::track {
namespace {

#define NOINLINE __attribute__((noinline))
volatile int g_sink;

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
  const uintptr_t bases[] = {reinterpret_cast<uintptr_t>(&here) & ~uintptr_t{7},
                             code,
                             0,
                             8,
                             UINTPTR_MAX - 15,
                             uintptr_t{1} << 47,
                             reinterpret_cast<uintptr_t>(stderr)};
  for (int round = 0; round < 20'000; ++round) {
    const StackStart start = {
        .pc = round % 2 == 0 ? code + random() % 4096 : random(),
        .sp = bases[random() % 7] + 8 * (random() % 64),
        .fp = round % 3 == 0 ? random() : bases[random() % 7] + random() % 512};
    EXPECT_LE(WalkFrom(start).frame_count, kMaxFrames);
  }
}

TEST(UnwinderTest, AStackThatEndsAtAnUnmappedPageIsCutThere) {
  constexpr size_t kPage = 4096;
  auto* pages = static_cast<char*>(
      mmap(nullptr, 2 * kPage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
  memset(pages, 0x41, kPage);  // no zero that would look like a root
  munmap(pages + kPage, kPage);
  const auto end = reinterpret_cast<uintptr_t>(pages) + kPage;
  for (uintptr_t back = 8; back <= 64; back += 8) {
    const WalkResult result =
        WalkFrom({reinterpret_cast<uintptr_t>(&WalkFrom) + 40, end - back, end - back});
    EXPECT_TRUE(result.truncated);
  }
  munmap(pages, kPage);
}

TEST(UnwinderTest, AStackUnmappedAfterItWasProbedIsProbedAgain) {
  constexpr size_t kPage = 4096;
  auto* page = static_cast<char*>(
      mmap(nullptr, kPage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
  const StackStart start = {reinterpret_cast<uintptr_t>(&WalkFrom) + 40,
                            reinterpret_cast<uintptr_t>(page) + 64,
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
    void* const stack =
        mmap(nullptr, kStack, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    const size_t on_main = WalkHere(*memo).size();
    getcontext(&g_fiber_context);
    g_fiber_context.uc_stack.ss_sp = stack;
    g_fiber_context.uc_stack.ss_size = kStack;
    g_fiber_context.uc_link = &g_main_context;
    const auto address = reinterpret_cast<uintptr_t>(memo.get());
    makecontext(&g_fiber_context, reinterpret_cast<void (*)()>(FiberMain), 2,
                static_cast<unsigned>(address), static_cast<unsigned>(address >> 32));
    swapcontext(&g_main_context, &g_fiber_context);
    // glibc enters __start_context by a return and does not mark it as a root.
    ASSERT_EQ(g_fiber_walk.size(), 3U);
    EXPECT_FALSE(g_fiber_truncated);
    EXPECT_TRUE(IsInside(g_fiber_walk[0], &FiberInner));
    EXPECT_TRUE(IsInside(g_fiber_walk[1], &FiberMain));
    EXPECT_EQ(WalkHere(*memo).size(), on_main);
    munmap(stack, kStack);
    NoteUnmap();
  }
}

// push rbp; mov rbp, rsp; call rdi; pop rbp; ret: JIT code with frame pointers, in no module.
constexpr unsigned char kJitCode[] = {0x55, 0x48, 0x89, 0xe5, 0xff, 0xd7, 0x5d, 0xc3};
std::vector<uintptr_t> g_jit_walk;
bool g_jit_truncated;
UnwindMemo g_jit_memo;

NOINLINE void CalledByJit() {
  g_jit_walk = WalkHere(g_jit_memo, &g_jit_truncated);
  g_sink = 1;
}

TEST(UnwinderTest, CodeWithoutCfiIsFollowedByFramePointers) {
  void* const page =
      mmap(nullptr, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
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
