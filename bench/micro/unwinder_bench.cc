// SPDX-License-Identifier: Apache-2.0
//
// The cost of a stack: 28 frames of a program without frame pointers, by our unwinder and by
// libunwind in the same run. Then the same number by frame pointers, for functions that have them.
// Read the ns_per_frame column; bench/README.md says how.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <atomic>
#include <chrono>

#include "libtrack/platform/cfi/rule_cache.h"
#include "libtrack/platform/modules/module_map.h"
#include "libtrack/platform/walk/stack_cache.h"
#include "libtrack/platform/walk/unwinder.h"

extern "C" int unw_backtrace(void** buffer, int size);

namespace leaktrack::track {
namespace {

constexpr uint32_t kModules = 256;
constexpr int kDepth = 16;  // plus the frames of the benchmark library and libc: 28 in all
capture::ModuleEntry g_entries[kModules];
std::atomic<uint32_t> g_count;
std::atomic<uint32_t> g_generation;
std::atomic<uint64_t> g_lost;
UnwindMemo g_memo;
StackCache g_stacks;
volatile int g_sink;

void Bind() {
  BindModuleMap({.entries = g_entries,
                 .capacity = kModules,
                 .count = &g_count,
                 .generation = &g_generation,
                 .lost = &g_lost,
                 .commit = nullptr,
                 .tick_ms = nullptr});
}

using Leaf = int (*)(benchmark::State* state);

// Different sizes and call sites, so that frames differ as in real stacks.
template <int kLevel>
__attribute__((noinline)) int Descend(Leaf leaf, benchmark::State* state) {
  volatile char room[kLevel * 8 + 8];
  room[0] = 1;
  int result;
  if constexpr (kLevel == 0) {
    result = leaf(state);
  } else {
    result = Descend<kLevel - 1>(leaf, state);
  }
  g_sink = room[0];
  return result + 1;
}

__attribute__((noinline, optimize("no-omit-frame-pointer"))) uint32_t WalkOnce(
    capture::Frame* frames) {
  return Walk(g_memo, LEAKTRACK_CALLER_STACK_START(), {frames, kMaxFrames}).frame_count;
}

// Like a birth in exact mode: a known stack is not walked.
__attribute__((noinline, optimize("no-omit-frame-pointer"))) uint32_t LookOnce(
    capture::Frame* frames) {
  const StackStart start = LEAKTRACK_CALLER_STACK_START();
  const uint32_t known = g_stacks.Find(g_memo, start);
  if (known != 0) return known;
  const uint32_t count = Walk(g_memo, start, {frames, kMaxFrames}).frame_count;
  g_stacks.Keep(g_memo, start, count);
  return count;
}

void Report(benchmark::State& state, uint32_t frames) {
  state.counters["frames"] = frames;
  state.counters["ns_per_frame"] = benchmark::Counter(
      static_cast<double>(frames) * 1e-9,
      benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
}

template <uint32_t (*kOnce)(capture::Frame*)>
int WarmWithMemo(benchmark::State* state) {
  capture::Frame frames[kMaxFrames];
  uint32_t count = 0;
  for (auto _ : *state) {
    count = kOnce(frames);
    benchmark::DoNotOptimize(frames);
  }
  Report(*state, count);
  return 0;
}

// Two call sites alternate: the outer frames are shared, the leaf is not.
int WarmWithMemoOtherLeaf(benchmark::State* state) {
  capture::Frame frames[kMaxFrames];
  uint32_t count = 0;
  bool odd = false;
  for (auto _ : *state) {
    odd = !odd;
    count = odd ? WalkOnce(frames) : WalkOnce(frames) + 0 * g_sink;
    benchmark::DoNotOptimize(frames);
  }
  Report(*state, count);
  return 0;
}

int WarmWithoutMemo(benchmark::State* state) {
  capture::Frame frames[kMaxFrames];
  uint32_t count = 0;
  for (auto _ : *state) {
    g_memo.count = 0;
    count = WalkOnce(frames);
    benchmark::DoNotOptimize(frames);
  }
  Report(*state, count);
  return 0;
}

// The fastest walk of all. Pausing the timer would cost a third of what is measured, and the mean
// would be that of the neighbours.
int Cold(benchmark::State* state) {
  using Clock = std::chrono::steady_clock;
  capture::Frame frames[kMaxFrames];
  uint32_t count = 1;
  auto best = Clock::duration::max();
  for (auto _ : *state) {
    g_memo.count = 0;
    g_rule_cache.Sweep([](capture::Frame) { return true; });
    const auto start = Clock::now();
    count = WalkOnce(frames);
    best = std::min(best, Clock::now() - start);
    benchmark::DoNotOptimize(frames);
  }
  state->counters["frames"] = count;
  state->counters["ns_per_frame"] = std::chrono::duration<double, std::nano>(best).count() / count;
  return 0;
}

int Libunwind(benchmark::State* state) {
  void* frames[kMaxFrames];
  int count = 0;
  for (auto _ : *state) {
    count = unw_backtrace(frames, kMaxFrames);
    benchmark::DoNotOptimize(frames);
  }
  Report(*state, static_cast<uint32_t>(count));
  return 0;
}

__attribute__((noinline, optimize("no-omit-frame-pointer"))) uint32_t ByFramePointers(
    const void* outermost, uintptr_t* frames) {
  const auto* frame = static_cast<const uintptr_t*>(__builtin_frame_address(0));
  uint32_t count = 0;
  for (; frame < outermost && count < kMaxFrames;
       frame = reinterpret_cast<const uintptr_t*>(frame[0]))
    frames[count++] = frame[1];
  return count;
}

template <int kLevel>
__attribute__((noinline, optimize("no-omit-frame-pointer"))) int DescendWithFramePointers(
    const void* outermost, benchmark::State* state) {
  if constexpr (kLevel > 0) return DescendWithFramePointers<kLevel - 1>(outermost, state) + g_sink;
  uintptr_t frames[kMaxFrames];
  uint32_t count = 0;
  for (auto _ : *state) {
    count = ByFramePointers(outermost, frames);
    benchmark::DoNotOptimize(frames);
  }
  Report(*state, count);
  return 0;
}

__attribute__((noinline, optimize("no-omit-frame-pointer"))) void FramePointers(
    benchmark::State& state) {
  DescendWithFramePointers<27>(__builtin_frame_address(0), &state);
}

void Run(benchmark::State& state, Leaf leaf) {
  static const bool bound = (Bind(), true);
  benchmark::DoNotOptimize(bound);
  Descend<kDepth>(leaf, &state);
}

BENCHMARK_CAPTURE(Run, StackCache, WarmWithMemo<LookOnce>);
BENCHMARK_CAPTURE(Run, Walk_SameStack, WarmWithMemo<WalkOnce>);
BENCHMARK_CAPTURE(Run, Walk_OtherCallSite, WarmWithMemoOtherLeaf);
BENCHMARK_CAPTURE(Run, Walk_EmptyMemo, WarmWithoutMemo);
BENCHMARK_CAPTURE(Run, Walk_ColdRules, Cold)->Iterations(2000);
BENCHMARK_CAPTURE(Run, UnwBacktrace_Warm, Libunwind);
BENCHMARK(FramePointers);

}  // namespace
}  // namespace leaktrack::track
