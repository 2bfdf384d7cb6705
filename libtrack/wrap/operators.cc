// SPDX-License-Identifier: Apache-2.0
#include "libtrack/wrap/operators.h"

#include <stdlib.h>


#include "libtrack/platform/linker.h"
#include "libtrack/platform/module_map.h"
#include "libtrack/platform/real_functions.h"
#include "libtrack/runtime/run.h"
#include "libtrack/wrap/heap.h"

namespace leaktrack::track {
namespace {

constexpr const char* kNewNames[kNewForms] = {
    "_Znwm", "_Znam", "_ZnwmRKSt9nothrow_t", "_ZnamRKSt9nothrow_t", "_ZnwmSt11align_val_t", "_ZnamSt11align_val_t",
    "_ZnwmSt11align_val_tRKSt9nothrow_t", "_ZnamSt11align_val_tRKSt9nothrow_t"};
constexpr const char* kDeleteNames[kDeleteForms] = {
    "_ZdlPv", "_ZdaPv", "_ZdlPvm", "_ZdaPvm", "_ZdlPvRKSt9nothrow_t", "_ZdaPvRKSt9nothrow_t",
    "_ZdlPvSt11align_val_t", "_ZdaPvSt11align_val_t", "_ZdlPvmSt11align_val_t", "_ZdaPvmSt11align_val_t",
    "_ZdlPvSt11align_val_tRKSt9nothrow_t", "_ZdaPvSt11align_val_tRKSt9nothrow_t"};

constinit OperatorNew g_real_new[kNewForms]{};
constinit OperatorDelete g_real_delete[kDeleteForms]{};

constexpr bool IsAligned(int form) { return form >= kNewAligned; }
constexpr bool IsNothrow(int form) { return form == kNewNothrow || form == kNewArrayNothrow || form >= kNewAlignedNothrow; }

// By walking the link map, also through libraries outside the global scope (a Python extension's libstdc++). Not by dlsym:
// the first `new` may come from a thread that a plugin's constructor waits for, while dlopen holds the loader's lock.
void* FindOperator(const char* name) { return FindSymbolInLinkMap(name); }

bool IsAllocatorsOwn(const void* operator_function) {
  const uint32_t allocator = FindModule(reinterpret_cast<uintptr_t>(g_real.malloc));
  const uint32_t libc = FindModule(reinterpret_cast<uintptr_t>(g_real.exit_now));
  return allocator != 0 && allocator != libc &&
         FindModule(reinterpret_cast<uintptr_t>(operator_function)) == allocator;
}

template <int kForm>
void* StandInNew(size_t size, size_t alignment, const void*) {
  if (size == 0) size = 1;
  // Our own malloc: recorded like any other.
  void* block = IsAligned(kForm) ? ::aligned_alloc(alignment, (size + alignment - 1) & ~(alignment - 1)) : ::malloc(size);
  if (block == nullptr && !IsNothrow(kForm)) ::abort();
  return block;
}

void StandInDelete(void* block, size_t, size_t) { ::free(block); }

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
  if (g_filter.MayBeTracked(block)) [[unlikely]] SettleFree(block);
  g_real_delete[kForm](block, a, b);
}

template <int kForm>
void* FirstNew(size_t size, size_t alignment, const void* tag) {
  ResolveRealFunctions();
  void* found = FindOperator(kNewNames[kForm]);
  if (found == nullptr) return StandInNew<kForm>(size, alignment, tag);  // asked again next time
  g_real_new[kForm] = reinterpret_cast<OperatorNew>(found);
  g_new[kForm] = IsAllocatorsOwn(found) ? CountedNew<kForm> : g_real_new[kForm];
  return g_new[kForm](size, alignment, tag);
}

template <int kForm>
void FirstDelete(void* block, size_t a, size_t b) {
  ResolveRealFunctions();
  void* found = FindOperator(kDeleteNames[kForm]);
  if (found == nullptr) return StandInDelete(block, a, b);
  g_real_delete[kForm] = reinterpret_cast<OperatorDelete>(found);
  g_delete[kForm] = IsAllocatorsOwn(found) ? CountedDelete<kForm> : g_real_delete[kForm];
  return g_delete[kForm](block, a, b);
}

}  // namespace

constinit OperatorNew g_new[kNewForms] = {FirstNew<0>, FirstNew<1>, FirstNew<2>, FirstNew<3>,
                                          FirstNew<4>, FirstNew<5>, FirstNew<6>, FirstNew<7>};
constinit OperatorDelete g_delete[kDeleteForms] = {
    FirstDelete<0>, FirstDelete<1>, FirstDelete<2>, FirstDelete<3>, FirstDelete<4>,  FirstDelete<5>,
    FirstDelete<6>, FirstDelete<7>, FirstDelete<8>, FirstDelete<9>, FirstDelete<10>, FirstDelete<11>};

}  // namespace leaktrack::track
