// SPDX-License-Identifier: Apache-2.0
//
// Stacks of many shapes, each compared with libunwind. Compiled once per compiler, optimisation
// level and frame-pointer choice (see CMakeLists.txt), because the tests are about what a compiler
// makes of a prologue.
#include <alloca.h>
#include <dlfcn.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <stdexcept>
#include <thread>
#include <vector>

#include "libtrack/platform/modules/module_map.h"
#include "tests/platform/walk/stack_oracle.h"

namespace leaktrack::track {
namespace {

volatile int g_sink;
#define NOINLINE __attribute__((noinline))

void Check() {
  const StackCheck check = CheckStack();
  EXPECT_FALSE(check.truncated);
  g_sink = g_sink + 1;
}

NOINLINE int Recurse(int depth) {
  if (depth == 0) {
    Check();
    return 1;
  }
  const int result = Recurse(depth - 1) + depth;
  g_sink = result;
  return result;
}

TEST(StackShapesTest, RecursionIsFollowedToTheRoot) {
  for (int depth : {0, 1, 5, 40, 60, 3, 60, 61, 59}) Recurse(depth);
}

NOINLINE int RecurseDeep(int depth, StackCheck& check) {
  if (depth == 0) {
    check = CheckStack();
    g_sink = 1;
    return 1;
  }
  const int result = RecurseDeep(depth - 1, check) + depth;
  g_sink = result;
  return result;
}

TEST(StackShapesTest, RecursionDeeperThanTheLimitIsCutAndMarked) {
  for (int depth : {300, 301, 299, 150, 300}) {
    StackCheck check;
    RecurseDeep(depth, check);
    EXPECT_EQ(check.frame_count, kMaxFrames);
    EXPECT_TRUE(check.truncated);
  }
}

NOINLINE int CompareInts(const void* a, const void* b) {
  Check();
  return *static_cast<const int*>(a) - *static_cast<const int*>(b);
}

TEST(StackShapesTest, CallbacksFromLibcAreFollowedThroughIt) {
  int numbers[] = {5, 2, 9, 1, 7};
  qsort(numbers, 5, sizeof(int), CompareInts);
  EXPECT_EQ(numbers[0], 1);
}

TEST(StackShapesTest, TemplatesAndFunctionObjectsAreFollowed) {
  std::vector<int> numbers = {5, 2, 9, 1, 7, 3};
  const std::function<bool(int, int)> less = [](int a, int b) {
    Check();
    return a < b;
  };
  std::sort(numbers.begin(), numbers.end(), less);
  EXPECT_TRUE(std::is_sorted(numbers.begin(), numbers.end()));
}

NOINLINE int ThrowWhenZero(int depth) {
  if (depth == 0) throw std::runtime_error("expected");
  const int result = ThrowWhenZero(depth - 1);
  g_sink = result;
  return result;
}

TEST(StackShapesTest, ACaughtExceptionLeavesNothingBehind) {
  for (int depth : {3, 10, 4}) {
    Recurse(12);
    try {
      ThrowWhenZero(depth);
    } catch (const std::runtime_error&) {
      Check();
    }
    Recurse(8);
  }
}

NOINLINE int WithAlloca(int bytes, int depth) {
  auto* room = static_cast<char*>(alloca(static_cast<size_t>(bytes)));
  room[0] = static_cast<char>(depth);
  room[bytes - 1] = 1;
  if (depth == 0) {
    Check();
  } else {
    WithAlloca(bytes * 2 + 8, depth - 1);
  }
  g_sink = room[0];
  return room[bytes - 1];
}

TEST(StackShapesTest, FramesOfVariableSizeAreFollowed) {
  for (int bytes : {16, 100, 33, 16, 70'000}) WithAlloca(bytes, 5);
}

struct alignas(64) Aligned {
  char bytes[128];
};

NOINLINE int WithAligned(int depth) {
  Aligned local;
  local.bytes[depth] = static_cast<char>(depth);
  g_sink = static_cast<int>(reinterpret_cast<uintptr_t>(&local) % 64);
  EXPECT_EQ(g_sink, 0);
  if (depth == 0) {
    Check();
  } else {
    WithAligned(depth - 1);
  }
  g_sink = local.bytes[depth];
  return g_sink;
}

NOINLINE int AlignedWithAlloca(int bytes) {
  Aligned local;
  auto* room = static_cast<char*>(alloca(static_cast<size_t>(bytes)));
  room[0] = local.bytes[0] = 1;
  WithAligned(3);
  g_sink = room[0] + local.bytes[0];
  return g_sink;
}

TEST(StackShapesTest, RealignedStacksAreFollowed) {
  for (int depth : {0, 4, 2}) WithAligned(depth);
  for (int bytes : {24, 500}) AlignedWithAlloca(bytes);
}

NOINLINE void TailTarget() { Check(); }
NOINLINE void TailCaller() { TailTarget(); }
struct Left {
  int depth;
};
[[noreturn]] NOINLINE void NeverReturns(int depth) {
  Check();
  throw Left{depth};
}
NOINLINE void CallsNoreturnLast(int depth) {
  g_sink = depth;
  NeverReturns(depth);
}

TEST(StackShapesTest, TailCallsAndCallsThatDoNotReturnAreFollowed) {
  TailCaller();
  // The return address of a noreturn call may lie behind the end of its function.
  EXPECT_THROW(CallsNoreturnLast(3), Left);
}

TEST(StackShapesTest, ThreadsEndAtTheirRoot) {
  std::thread([] { Recurse(10); }).join();
  std::thread([] { WithAlloca(64, 3); }).join();
}

struct Reload {
  void* handle;
  void (*call)(void (*)());
};

Reload OpenLibrary() {
  void* handle = dlopen(LEAKTRACK_SHAPES_LIBRARY, RTLD_NOW | RTLD_LOCAL);
  EXPECT_NE(handle, nullptr) << dlerror();
  if (handle == nullptr) return {};
  return {handle, reinterpret_cast<void (*)(void (*)())>(dlsym(handle, "CallThroughLibrary"))};
}

TEST(StackShapesTest, LibrariesAreFollowedAfterLoadUnloadAndReloadElsewhere) {
  BindTestModules();
  for (int round = 0; round < 4; ++round) {
    const Reload library = OpenLibrary();
    ASSERT_NE(library.call, nullptr);
    // A dlopen is not announced, and an unknown address triggers a refresh at most every 100 ms.
    // The test does not wait for that.
    ASSERT_TRUE(RefreshModules(1));
    library.call(Check);
    EXPECT_NE(FindModule(reinterpret_cast<uintptr_t>(library.call)), 0U);
    BeginUnload();
    dlclose(library.handle);
    EndUnload(1);
    EXPECT_EQ(FindModule(reinterpret_cast<uintptr_t>(library.call)), 0U);
    static std::vector<std::vector<char>> ballast;  // moves the next load
    ballast.emplace_back(size_t{1} << 20);
  }
}

}  // namespace
}  // namespace leaktrack::track
