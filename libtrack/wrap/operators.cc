// SPDX-License-Identifier: Apache-2.0
#include "libtrack/wrap/operators.h"

#include <stdlib.h>

#include <algorithm>
#include <atomic>
#include <cstdint>

#include "libtrack/platform/real/link_scope.h"
#include "libtrack/platform/real/real_functions.h"
#include "libtrack/runtime/run.h"
#include "libtrack/wrap/death.h"
#include "libtrack/wrap/heap.h"
#include "libtrack/wrap/inner_calls.h"

namespace leaktrack::track {
namespace {

constexpr const char* kDeleteNames[kDeleteForms] = {"_ZdlPv",
                                                    "_ZdaPv",
                                                    "_ZdlPvm",
                                                    "_ZdaPvm",
                                                    "_ZdlPvRKSt9nothrow_t",
                                                    "_ZdaPvRKSt9nothrow_t",
                                                    "_ZdlPvSt11align_val_t",
                                                    "_ZdaPvSt11align_val_t",
                                                    "_ZdlPvmSt11align_val_t",
                                                    "_ZdaPvmSt11align_val_t",
                                                    "_ZdlPvSt11align_val_tRKSt9nothrow_t",
                                                    "_ZdaPvSt11align_val_tRKSt9nothrow_t"};

constinit OperatorNew g_real_new[kNewForms]{};
constinit OperatorDelete g_real_delete[kDeleteForms]{};

constexpr bool IsAligned(int form) { return form >= kNewAligned; }
constexpr bool IsNothrow(int form) {
  return form == kNewNothrow || form == kNewArrayNothrow || form >= kNewAlignedNothrow;
}

// A form of an operator that was found for some callers but not for all.
struct Definer {
  int form;
  void* function;
};
constexpr uint32_t kMaxDefiners = 512;
constinit Definer g_definers[kMaxDefiners]{};
constinit std::atomic<uint32_t> g_definer_count{0};

// The definers of recent callers: address of the call << 16 | definer + 1.
constexpr uint32_t kCallers = 1024;
constinit std::atomic<uint64_t> g_callers[kCallers]{};

std::atomic<uint64_t>& PlaceOf(const void* caller) {
  return g_callers[(reinterpret_cast<uintptr_t>(caller) * 0x9e37'79b9'7f4a'7c15ULL) >> 54];
}

void* Recall(int form, const void* caller) {
  const uint64_t word = PlaceOf(caller).load(std::memory_order_acquire);
  if (word >> 16 != reinterpret_cast<uintptr_t>(caller) || (word & 0xffff) == 0) return nullptr;
  const Definer& definer = g_definers[(word & 0xffff) - 1];
  return definer.form == form ? definer.function : nullptr;
}

// If there is no room, the caller is looked up again each time.
void Remember(int form, const void* caller, void* function) {
  const uint32_t count = std::min(g_definer_count.load(std::memory_order_acquire), kMaxDefiners);
  uint32_t index = 0;
  while (index < count &&
         (g_definers[index].form != form || g_definers[index].function != function))
    ++index;
  if (index == count) {
    index = g_definer_count.fetch_add(1, std::memory_order_acq_rel);
    if (index >= kMaxDefiners) return;
    g_definers[index] = {form, function};
  }
  PlaceOf(caller).store(reinterpret_cast<uintptr_t>(caller) << 16 | (index + 1),
                        std::memory_order_release);
}

// True if the operator lies in the object of the real malloc, and that is not the C library's. The
// link map is searched, not dlsym asked: a plugin's constructor may wait, under dlopen's loader
// lock, for the thread that makes the first `new`.
bool IsAllocatorsOwn(const FoundSymbol& found) {
  const void* const allocator = FindNextInLinkMap("malloc").object;
  return found.object == allocator && allocator != FindNextInLinkMap("_exit").object;
}

template <int kForm>
void* StandInNew(size_t size, size_t alignment, const void*) {
  if (size == 0) size = 1;
  // Our own malloc, so it is recorded like any other.
  void* block = IsAligned(kForm)
                    ? ::aligned_alloc(alignment, (size + alignment - 1) & ~(alignment - 1))
                    : ::malloc(size);
  if (block == nullptr && !IsNothrow(kForm)) ::abort();
  return block;
}

void StandInDelete(void* block, size_t, size_t) { ::free(block); }

// The steps of inner_calls.h, written by hand because a template would ignore the section.
constinit OperatorNew g_behind_steps[kNewForms]{};
#define LEAKTRACK_STEP_NEW(form)                                                        \
  LEAKTRACK_STEPS void* StepNew##form(size_t size, size_t alignment, const void* tag) { \
    void* const block = g_behind_steps[form](size, alignment, tag);                     \
    __asm__ volatile("" ::: "memory");                                                  \
    return block;                                                                       \
  }
LEAKTRACK_STEP_NEW(0)
LEAKTRACK_STEP_NEW(1)
LEAKTRACK_STEP_NEW(2)
LEAKTRACK_STEP_NEW(3)
LEAKTRACK_STEP_NEW(4)
LEAKTRACK_STEP_NEW(5)
LEAKTRACK_STEP_NEW(6)
LEAKTRACK_STEP_NEW(7)
#undef LEAKTRACK_STEP_NEW
constexpr OperatorNew kSteps[kNewForms] = {StepNew0, StepNew1, StepNew2, StepNew3,
                                           StepNew4, StepNew5, StepNew6, StepNew7};

OperatorNew BehindStep(int form, OperatorNew function) {
  if (!g_inner_calls_watched) return function;
  g_behind_steps[form] = function;
  return kSteps[form];
}

template <int kForm>
void* CountedNew(size_t size, size_t alignment, const void* tag) {
  HotThread& hot = hot_thread;
  if (size < hot.countdown) [[likely]] {
    hot.countdown -= size;
    return g_real_new[kForm](size, alignment, tag);
  }
  return AllocateSlow(g_real_new[kForm], size, alignment, tag);
}

template <int kForm>
void CountedDelete(void* block, size_t a, size_t b) {
  if (g_filter.MayBeTracked(block)) [[unlikely]]
    SettleFree(block);
  g_real_delete[kForm](block, a, b);
}

template <int kForm>
void* FirstNew(size_t size, size_t alignment, const void* tag) {
  const void* const caller = __builtin_return_address(0);
  void* function = Recall(kForm, caller);
  if (function == nullptr) {
    ResolveRealFunctions();
    const ScopedSymbol found = FindForCaller(kNewNames[kForm], caller);
    function = found.symbol.address;
    // Looked up again next time.
    if (function == nullptr) return StandInNew<kForm>(size, alignment, tag);
    if (found.for_all) {
      g_real_new[kForm] = BehindStep(kForm, reinterpret_cast<OperatorNew>(function));
      g_new[kForm] = IsAllocatorsOwn(found.symbol) ? CountedNew<kForm>
                                                   : reinterpret_cast<OperatorNew>(function);
      return g_new[kForm](size, alignment, tag);
    }
    Remember(kForm, caller, function);
  }
  return reinterpret_cast<OperatorNew>(function)(size, alignment, tag);
}

template <int kForm>
void FirstDelete(void* block, size_t a, size_t b) {
  const void* const caller = __builtin_return_address(0);
  constexpr int kKey = kNewForms + kForm;
  void* function = Recall(kKey, caller);
  if (function == nullptr) {
    ResolveRealFunctions();
    const ScopedSymbol found = FindForCaller(kDeleteNames[kForm], caller);
    function = found.symbol.address;
    if (function == nullptr) return StandInDelete(block, a, b);
    if (found.for_all) {
      g_real_delete[kForm] = reinterpret_cast<OperatorDelete>(function);
      g_delete[kForm] = IsAllocatorsOwn(found.symbol) ? CountedDelete<kForm> : g_real_delete[kForm];
      return g_delete[kForm](block, a, b);
    }
    Remember(kKey, caller, function);
  }
  return reinterpret_cast<OperatorDelete>(function)(block, a, b);
}

}  // namespace

constinit OperatorNew g_new[kNewForms] = {FirstNew<0>, FirstNew<1>, FirstNew<2>, FirstNew<3>,
                                          FirstNew<4>, FirstNew<5>, FirstNew<6>, FirstNew<7>};
constinit OperatorDelete g_delete[kDeleteForms] = {
    FirstDelete<0>, FirstDelete<1>, FirstDelete<2>,  FirstDelete<3>,
    FirstDelete<4>, FirstDelete<5>, FirstDelete<6>,  FirstDelete<7>,
    FirstDelete<8>, FirstDelete<9>, FirstDelete<10>, FirstDelete<11>};

void ForgetCallersOfOperators() {
  for (std::atomic<uint64_t>& caller : g_callers) {
    if (caller.load(std::memory_order_relaxed) != 0) caller.store(0, std::memory_order_release);
  }
}

}  // namespace leaktrack::track
