// SPDX-License-Identifier: Apache-2.0
//
// How much of the program's stack a walk uses. A hook runs on whatever a thread, a fiber or a
// signal handler has left. Measured at run time: the memory below the stack pointer is painted, and
// examined after the walk.
//
// Not counted: a refresh of the module map (about 1 KiB more). It is limited in rate, and only an
// address in no known module starts it. The maps are therefore read before the measurement.
#include <dlfcn.h>
#include <gtest/gtest.h>
#include <limits.h>
#include <pthread.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <memory>

#include "libtrack/platform/cfi/rule_cache.h"
#include "libtrack/platform/modules/module_map.h"
#include "tests/platform/walk/stack_oracle.h"

namespace leaktrack::track {
namespace {

#ifdef __OPTIMIZE__
constexpr size_t kMostWhenWarm = 320;
constexpr size_t kMostWhenCold = 512;
#else
// A debug build makes no promise, but must not explode.
constexpr size_t kMostWhenWarm = 1024;
constexpr size_t kMostWhenCold = 2048;
#endif

constexpr size_t kPainted = 6 * 1024;
constexpr size_t kOracleTls = 48 * 1024;
constexpr unsigned char kPaint = 0xa5;

struct Measurement {
  size_t warm_bytes = 0;
  size_t cold_bytes = 0;
  uint32_t frame_count = 0;
  bool truncated = false;
};

std::unique_ptr<UnwindMemo> g_memo;
capture::Frame g_frames[kMaxFrames];
Measurement g_measurement;
volatile int g_sink;

// Paints below its own frame, walks, and returns how far down the paint is gone. Calls nothing else
// in between.
__attribute__((noinline)) size_t BytesOfWalk(const StackStart& start, WalkResult& result) {
  uintptr_t sp;
  __asm__ volatile("movq %%rsp, %0" : "=r"(sp));
  auto* const bottom = reinterpret_cast<volatile unsigned char*>(sp - kPainted);
  for (size_t i = 0; i < kPainted - 16; ++i) bottom[i] = kPaint;
  result = Walk(*g_memo, start, g_frames);
  size_t untouched = 0;
  while (untouched < kPainted && bottom[untouched] == kPaint) ++untouched;
  return kPainted - untouched;
}

__attribute__((noinline)) void Measure() {
  const StackStart start = LEAKTRACK_CALLER_STACK_START();
  WalkResult result;
  BytesOfWalk(start, result);  // resolves what is bound lazily, probes the stack's pages
  *g_memo = {};
  g_rule_cache.Sweep([](capture::Frame) { return true; });
  g_measurement.cold_bytes = BytesOfWalk(start, result);
  g_memo->count = 0;
  const size_t by_rules = BytesOfWalk(start, result);
  const size_t by_memo = BytesOfWalk(start, result);
  g_measurement.warm_bytes = std::max(by_rules, by_memo);
  g_measurement.frame_count = result.frame_count;
  g_measurement.truncated = result.truncated;
}

__attribute__((noinline)) int Descend(int depth, void (*inner)(void (*)())) {
  volatile char room[40];
  room[0] = 1;
  const int result = depth > 0 ? Descend(depth - 1, inner) + 1
                               : (inner == nullptr ? Measure() : inner(Measure), 0);
  g_sink = room[0];
  return result;
}

void* ThreadMain(void* inner) {
  Descend(10, reinterpret_cast<void (*)(void (*)())>(inner));
  return nullptr;
}

class UnwinderStackTest : public testing::Test {
 protected:
  void SetUp() override {
    BindTestModules();
    g_memo = std::make_unique<UnwindMemo>();
    g_measurement = {};
  }

  // On a stack of the smallest size that a program can ask for, which also holds the thread-local
  // tables of stack_oracle.cc.
  void MeasureOnASmallThread(void (*inner)(void (*)())) {
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    ASSERT_EQ(
        pthread_attr_setstacksize(&attributes, static_cast<size_t>(PTHREAD_STACK_MIN) + kOracleTls),
        0);
    pthread_t thread;
    ASSERT_EQ(pthread_create(&thread, &attributes, ThreadMain, reinterpret_cast<void*>(inner)), 0);
    pthread_join(thread, nullptr);
    pthread_attr_destroy(&attributes);
  }

  void ExpectWithinBounds() {
    EXPECT_GE(g_measurement.frame_count, 12U);
    EXPECT_FALSE(g_measurement.truncated);
    EXPECT_GT(g_measurement.warm_bytes, 64U) << "the paint was not looked at";
    EXPECT_LE(g_measurement.warm_bytes, kMostWhenWarm);
    EXPECT_LE(g_measurement.cold_bytes, kMostWhenCold);
    RecordProperty("warm_bytes", static_cast<int>(g_measurement.warm_bytes));
    RecordProperty("cold_bytes", static_cast<int>(g_measurement.cold_bytes));
    printf("stack of a walk: warm %zu bytes, cold %zu bytes\n", g_measurement.warm_bytes,
           g_measurement.cold_bytes);
  }
};

TEST_F(UnwinderStackTest, AWalkTakesLittleOfASmallThreadsStack) {
  MeasureOnASmallThread(nullptr);
  ExpectWithinBounds();
}

TEST_F(UnwinderStackTest, AWalkThroughALibraryThatMayGoTakesLittleMore) {
  void* const library = dlopen(LEAKTRACK_SHAPES_LIBRARY, RTLD_NOW | RTLD_LOCAL);
  ASSERT_NE(library, nullptr) << dlerror();
  ASSERT_TRUE(RefreshModules(1));
  MeasureOnASmallThread(
      reinterpret_cast<void (*)(void (*)())>(dlsym(library, "CallThroughLibrary")));
  ExpectWithinBounds();
  BeginUnload();
  dlclose(library);
  EndUnload(1);
}

}  // namespace
}  // namespace leaktrack::track
