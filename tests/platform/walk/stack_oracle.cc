// SPDX-License-Identifier: Apache-2.0
#include "tests/platform/walk/stack_oracle.h"

#define UNW_LOCAL_ONLY
#include <gtest/gtest.h>
#include <libunwind.h>

#include <atomic>
#include <sstream>
#include <string>

#include "libtrack/platform/modules/module_map.h"

namespace leaktrack::track {
namespace {

constexpr uint32_t kModules = 512;
capture::ModuleEntry g_entries[kModules];
std::atomic<uint32_t> g_count;
std::atomic<uint32_t> g_generation;
std::atomic<uint64_t> g_lost;
std::atomic<uint64_t> g_tick_ms{1};

thread_local UnwindMemo t_memo;
thread_local UnwindMemo t_empty;
constexpr size_t kOracleFrames = 1024;
thread_local uintptr_t t_oracle[kOracleFrames];
thread_local capture::Frame t_warm[kMaxFrames];
thread_local capture::Frame t_cold[kMaxFrames];

// The call sites of the stack from `first_return` on, by unw_step. libunwind calls the interrupted
// frame the signal frame. Its pc is exact. The next inner frame is the trampoline, whose first
// instruction is exact as well.
size_t OracleFrames(uintptr_t first_return) {
  unw_context_t context;
  unw_cursor_t cursor;
  unw_getcontext(&context);
  unw_init_local(&cursor, &context);
  size_t count = 0;
  bool started = false;
  do {
    unw_word_t ip = 0;
    unw_get_reg(&cursor, UNW_REG_IP, &ip);
    if (ip == 0) break;
    started = started || ip == first_return;
    const bool interrupted = unw_is_signal_frame(&cursor) > 0;
    if (interrupted && count > 0) ++t_oracle[count - 1];
    if (started) t_oracle[count++] = interrupted ? ip : ip - 1;
  } while (count < kOracleFrames && unw_step(&cursor) > 0);
  return count;
}

std::string Describe(const char* name, const uintptr_t* frames, size_t count) {
  std::ostringstream out;
  out << name << ":" << std::hex;
  for (size_t i = 0; i < count && i < 40; ++i) out << " " << frames[i];
  return out.str();
}

struct Compared {
  StackCheck check;
  size_t oracle_count;
};

__attribute__((noinline)) Compared Compare(const StackStart& start) {
  const WalkResult warm = Walk(t_memo, start, t_warm);
  t_empty.count = 0;
  const WalkResult cold = Walk(t_empty, start, t_cold);
  const size_t oracle = OracleFrames(start.pc);
  Compared result = {{.frame_count = warm.frame_count, .truncated = warm.truncated}, oracle};
  bool equal = warm.frame_count == cold.frame_count && warm.truncated == cold.truncated;
  equal = equal && (warm.truncated ? oracle > warm.frame_count : oracle == warm.frame_count);
  for (size_t i = 0; equal && i < warm.frame_count; ++i) {
    equal = t_warm[i] == t_cold[i] && AbsoluteAddress(t_warm[i]) == t_oracle[i];
  }
  result.check.equal = equal;
  return result;
}

}  // namespace

void BindTestModules() {
  static const bool bound = [] {
    BindModuleMap({.entries = g_entries,
                   .capacity = kModules,
                   .count = &g_count,
                   .generation = &g_generation,
                   .lost = &g_lost,
                   .commit = nullptr,
                   .tick_ms = &g_tick_ms});
    return true;
  }();
  (void)bound;
}

uintptr_t AbsoluteAddress(capture::Frame frame) {
  const uint32_t module = capture::FrameModule(frame);
  const uintptr_t bias = module == 0 ? 0 : g_entries[module].bias;
  return (bias + capture::FrameAddress(frame)) & 0xffff'ffff'ffffULL;
}

__attribute__((noinline)) StackCheck CheckStackQuietly() {
  const StackStart start = LEAKTRACK_CALLER_STACK_START();
  return Compare(start).check;
}

__attribute__((noinline)) StackCheck CheckStack() {
  BindTestModules();
  const StackStart start = LEAKTRACK_CALLER_STACK_START();
  const Compared compared = Compare(start);
  if (!compared.check.equal) {
    uintptr_t warm[kMaxFrames];
    for (size_t i = 0; i < compared.check.frame_count; ++i) warm[i] = AbsoluteAddress(t_warm[i]);
    ADD_FAILURE() << "walk differs from libunwind (truncated: " << compared.check.truncated << ")\n"
                  << Describe("walk     ", warm, compared.check.frame_count) << "\n"
                  << Describe("libunwind", t_oracle, compared.oracle_count);
  }
  return compared.check;
}

__attribute__((noinline)) std::vector<uintptr_t> WalkHere(UnwindMemo& memo, bool* truncated) {
  BindTestModules();
  const StackStart start = LEAKTRACK_CALLER_STACK_START();
  capture::Frame frames[kMaxFrames];
  const WalkResult result = Walk(memo, start, frames);
  if (truncated != nullptr) *truncated = result.truncated;
  std::vector<uintptr_t> addresses;
  for (uint32_t i = 0; i < result.frame_count; ++i) addresses.push_back(AbsoluteAddress(frames[i]));
  return addresses;
}

}  // namespace leaktrack::track
