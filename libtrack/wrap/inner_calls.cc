// SPDX-License-Identifier: Apache-2.0
#include "libtrack/wrap/inner_calls.h"

#include <link.h>

#include <atomic>
#include <cstddef>
#include <iterator>

#include "libtrack/capture/dcheck.h"
#include "libtrack/platform/modules/module_map.h"
#include "libtrack/platform/os/c_library.h"
#include "libtrack/platform/os/link_object.h"
#include "libtrack/platform/os/linker.h"
#include "libtrack/platform/real/allocator_statistics.h"
#include "libtrack/platform/real/real_functions.h"
#include "libtrack/runtime/run.h"
#include "libtrack/wrap/operators.h"

// The bounds of two sections, from the linker. They are null in a program that has no such section.
#define LEAKTRACK_SECTION_END(name) \
  extern "C" __attribute__((visibility("hidden"), weak)) const char name[]
LEAKTRACK_SECTION_END(__start_leaktrack_judges_later);
LEAKTRACK_SECTION_END(__stop_leaktrack_judges_later);
LEAKTRACK_SECTION_END(__start_leaktrack_steps);
LEAKTRACK_SECTION_END(__stop_leaktrack_steps);
#undef LEAKTRACK_SECTION_END

namespace leaktrack::track {

constinit bool g_inner_calls_watched = false;

namespace {

constexpr const char* kCNames[] = {"malloc",        "calloc",   "realloc", "posix_memalign",
                                   "aligned_alloc", "memalign", "valloc",  "pvalloc"};

// The public functions behind our hooks.
constinit SymbolRange g_functions[std::size(kCNames) + kNewForms]{};
constinit RealFunctions g_stepped{};  // the functions that the steps below call

bool IsBetween(uintptr_t address, const char* start, const char* stop) {
  return address >= reinterpret_cast<uintptr_t>(start) &&
         address < reinterpret_cast<uintptr_t>(stop);
}
bool IsStep(uintptr_t address) {
  return IsBetween(address, __start_leaktrack_steps, __stop_leaktrack_steps);
}
bool JudgesLater(uintptr_t address) {
  return IsBetween(address, __start_leaktrack_judges_later, __stop_leaktrack_judges_later);
}

bool IsOurCall(uintptr_t pc) { return IsStep(pc) || JudgesLater(pc); }

// The runtime address of a frame in our module. 0: the frame is in another module.
uintptr_t OwnAddress(capture::Frame frame) {
  const ModuleView own = ViewModule(reinterpret_cast<uintptr_t>(__start_leaktrack_steps));
  return capture::FrameModule(frame) == own.number ? own.bias + capture::FrameAddress(frame) : 0;
}

bool IsPublicFunction(uint64_t offset) {
  for (const SymbolRange& function : g_functions) {
    if (offset - function.offset < function.bytes) return true;
  }
  return false;
}

// A step stays on the stack while the real function runs.
#define LEAKTRACK_STEP(Name, result, parameters, member, arguments) \
  LEAKTRACK_STEPS result Name parameters {                          \
    result const value = g_stepped.member arguments;                \
    __asm__ volatile("" ::: "memory");                              \
    return value;                                                   \
  }
LEAKTRACK_STEP(StepMalloc, void*, (size_t size), malloc, (size))
LEAKTRACK_STEP(StepCalloc, void*, (size_t count, size_t size), calloc, (count, size))
LEAKTRACK_STEP(StepRealloc, void*, (void* block, size_t size), realloc, (block, size))
LEAKTRACK_STEP(StepPosixMemalign, int, (void** block, size_t alignment, size_t size),
               posix_memalign, (block, alignment, size))
LEAKTRACK_STEP(StepAlignedAlloc, void*, (size_t alignment, size_t size), aligned_alloc,
               (alignment, size))
LEAKTRACK_STEP(StepMemalign, void*, (size_t alignment, size_t size), memalign, (alignment, size))
LEAKTRACK_STEP(StepValloc, void*, (size_t size), valloc, (size))
LEAKTRACK_STEP(StepPvalloc, void*, (size_t size), pvalloc, (size))
#undef LEAKTRACK_STEP

void InsertSteps() {
  g_stepped = g_real;
  g_real.malloc = StepMalloc;
  g_real.calloc = StepCalloc;
  g_real.realloc = StepRealloc;
  g_real.posix_memalign = StepPosixMemalign;
  g_real.aligned_alloc = StepAlignedAlloc;
  g_real.memalign = StepMemalign;
  g_real.valloc = StepValloc;
  g_real.pvalloc = StepPvalloc;
}

}  // namespace

void WatchInnerCalls() {
  if (AllocatorTells() || !g_real_resolved.load(std::memory_order_acquire)) return;
  const void* const object = FindNextInLinkMap("malloc").object;
  // glibc calls its own functions directly, musl by their public names.
  const bool is_direct = IsGlibc() && object == FindNextInLinkMap("_exit").object;
  if (object == nullptr || is_direct) return;
  WatchInnerCallsOf(object);
}

void WatchInnerCallsOf(const void* object) {
  LEAKTRACK_DCHECK(!g_inner_calls_watched);
  SymbolRange* next = g_functions;
  const auto note = [&](const char* name) {
    if (FindNextInLinkMap(name).object == object)  // else it belongs to another object
      *next++ = FindRangeInObject(static_cast<const link_map*>(object), name);
  };
  for (const char* name : kCNames) note(name);
  for (const char* name : kNewNames) note(name);
  InsertSteps();
  g_inner_calls_watched = true;
}

const void* RealMalloc() {
  return reinterpret_cast<const void*>(g_stepped.malloc != nullptr ? g_stepped.malloc
                                                                   : g_real.malloc);
}

InnerCall JudgeInnerCall(ThreadState& state, const StackStart& start) {
  LEAKTRACK_DCHECK(hot_thread.guard_place != nullptr || hot_thread.guards_taken_over != 0);
  const uint32_t allocator = FindModule(reinterpret_cast<uintptr_t>(RealMalloc()));
  const bool from_there = allocator != 0 && FindModule(start.pc) == allocator;
  if (!from_there && !IsOurCall(start.pc)) return InnerCall::kNone;
  const WalkResult walk = WalkStack(state, start);
  const uint32_t frames = walk.frame_count;
  uint32_t i = 0;
  bool inner = false;
  for (; i < frames && capture::FrameModule(state.frames[i]) == allocator; ++i) {
    inner = inner || IsPublicFunction(capture::FrameAddress(state.frames[i]));
  }
  if (i < frames && IsStep(OwnAddress(state.frames[i]))) {
    inner = true;
    ++i;
  }
  if (i < frames && JudgesLater(OwnAddress(state.frames[i]))) return InnerCall::kOfJudged;
  return inner ? InnerCall::kOfCounted : InnerCall::kNone;
}

}  // namespace leaktrack::track
