// SPDX-License-Identifier: Apache-2.0
#include "libtrack/wrap/heap.h"

#include <errno.h>
#include <unistd.h>

#include <atomic>

#include "libtrack/platform/real/bootstrap.h"
#include "libtrack/platform/real/real_functions.h"
#include "libtrack/platform/walk/unwinder.h"
#include "libtrack/runtime/hook_coverage.h"
#include "libtrack/runtime/run.h"
#include "libtrack/runtime/youth.h"
#include "libtrack/wrap/birth.h"
#include "libtrack/wrap/death.h"
#include "libtrack/wrap/inner_calls.h"
#include "libtrack/wrap/young.h"

namespace leaktrack::track {
namespace {

// Asks the kernel only for a mapping, so it serves any caller that comes before the real functions
// are known. Refuses what they would refuse.
void* AllocateEarly(size_t size, size_t alignment) {
  const bool can_be_aligned = (alignment & (alignment - 1)) == 0;
  void* block = can_be_aligned ? BootstrapAllocate(size, alignment) : nullptr;
  if (g_real_resolved.load(std::memory_order_acquire)) GuardBootstrapBlocks();
  if (block == nullptr) errno = can_be_aligned ? ENOMEM : EINVAL;
  return block;
}

// Records the birth of a block that the program is about to see. Returns the block. Null: there is
// none. Leaves errno unchanged.
inline void* Born(void* block, size_t size, const StackStart& start,
                  const ChainLink* link = nullptr) {
  if (block == nullptr) return nullptr;
  if (!HeapIsBypassed()) [[likely]]
    return RecordHeapBirth(block, size, link, start);
  hot_thread.countdown = kInertBudget;
  return block;
}

}  // namespace

#define LEAKTRACK_SLOW_PATH [[gnu::noinline]] LEAKTRACK_JUDGES_LATER
#define LEAKTRACK_INLINE __attribute__((always_inline))  // the section calls a real function

LEAKTRACK_SLOW_PATH void* MallocSlow(size_t size) {
  if (!ResolveRealFunctions()) return AllocateEarly(size, 16);
  void* const block = g_real.malloc(size);
  // The stack start comes last, so that no register holds it over the call.
  return Born(block, size, LEAKTRACK_CALLER_STACK_START());
}

LEAKTRACK_SLOW_PATH void* CallocSlow(size_t count, size_t size) {
  const StackStart start = LEAKTRACK_CALLER_STACK_START();
  size_t bytes;
  // The real function will refuse this size.
  if (__builtin_mul_overflow(count, size, &bytes)) bytes = SIZE_MAX;
  if (!ResolveRealFunctions()) return AllocateEarly(bytes, 16);
  return Born(g_real.calloc(count, size), bytes, start);
}

namespace {

void TakeForRealloc(const void* block, Removed* removed, Cradle::Block** young) {
  if (!g_filter.is_open()) [[unlikely]] {
    *young = TakeYoung(block);
    // Otherwise the tracker is nobody's, or that of a parent.
    if (*young != nullptr || !g_filter.is_open()) return;
  }
  *removed = g_tracker.Take(block);
}

// `real` does the reallocation. If it returns nullptr for size 0, the block was freed (glibc); the
// call did not fail.
template <typename Real>
[[gnu::always_inline]] inline void* Reallocate(void* block, size_t size, const StackStart& start,
                                               Real real) {
  if (block == nullptr) return Born(real(), size, start);
  Removed removed{};
  Cradle::Block* young = nullptr;
  if (g_filter.MayBeTracked(block)) TakeForRealloc(block, &removed, &young);
  void* moved = real();
  if (moved == nullptr && size != 0) {
    if (young != nullptr) PutBackInYouth(*young);
    if (removed.found) g_tracker.PutBack(block, removed);
    return nullptr;
  }
  ChainLink link{};
  if (removed.found) {
    if (moved != nullptr) link = g_tracker.Continue(removed);
    SettleRemoved(removed);
  }
  return Born(moved, size, start, removed.found ? &link : nullptr);
}

}  // namespace

LEAKTRACK_SLOW_PATH void* ReallocSlow(void* block, size_t size) {
  const StackStart start = LEAKTRACK_CALLER_STACK_START();
  if (!ResolveRealFunctions()) {
    if (block != nullptr && !IsBootstrapBlock(block)) return nullptr;
    void* moved = AllocateEarly(size, 16);
    if (moved != nullptr && block != nullptr) {
      __builtin_memcpy(moved, block, BootstrapSize(block) < size ? BootstrapSize(block) : size);
    }
    return moved;
  }
  return Reallocate(block, size, start,
                    [=]() LEAKTRACK_INLINE { return g_real.realloc(block, size); });
}

// If the allocator has no reallocarray, the next one is libc's, which calls the program's realloc.
// If that realloc is our hook, the call would reach us twice. If it is not, that realloc must
// decide, and the table then holds libc's reallocarray.
LEAKTRACK_SLOW_PATH void* ReallocarraySlow(void* block, size_t count, size_t size) {
  const StackStart start = LEAKTRACK_CALLER_STACK_START();
  const bool resolved = ResolveRealFunctions();
  if (g_real.reallocarray != nullptr) return g_real.reallocarray(block, count, size);
  size_t bytes;
  if (!resolved || __builtin_mul_overflow(count, size, &bytes)) {
    errno = ENOMEM;
    return nullptr;
  }
  return Reallocate(block, bytes, start,
                    [=]() LEAKTRACK_INLINE { return g_real.realloc(block, bytes); });
}

LEAKTRACK_SLOW_PATH int PosixMemalignSlow(void** block, size_t alignment, size_t size) {
  const StackStart start = LEAKTRACK_CALLER_STACK_START();
  if (!ResolveRealFunctions()) {
    void* const early = AllocateEarly(size, alignment);
    if (early == nullptr) return errno;
    *block = early;
    return 0;
  }
  const int result = g_real.posix_memalign(block, alignment, size);
  if (result == 0) Born(*block, size, start);
  return result;
}

#define LEAKTRACK_ALIGNED_SLOW(Name, real_name, alignment_of_early, parameters, arguments) \
  LEAKTRACK_SLOW_PATH void* Name parameters {                                              \
    const StackStart start = LEAKTRACK_CALLER_STACK_START();                               \
    if (!ResolveRealFunctions()) return AllocateEarly(size, alignment_of_early);           \
    return Born(g_real.real_name arguments, size, start);                                  \
  }
LEAKTRACK_ALIGNED_SLOW(AlignedAllocSlow, aligned_alloc, alignment, (size_t alignment, size_t size),
                       (alignment, size))
LEAKTRACK_ALIGNED_SLOW(MemalignSlow, memalign, alignment, (size_t alignment, size_t size),
                       (alignment, size))
LEAKTRACK_ALIGNED_SLOW(VallocSlow, valloc, 4096, (size_t size), (size))
LEAKTRACK_ALIGNED_SLOW(PvallocSlow, pvalloc, 4096, (size_t size), (size))
#undef LEAKTRACK_ALIGNED_SLOW

LEAKTRACK_SLOW_PATH void* AllocateSlow(AllocateFn real, size_t size, size_t alignment,
                                       const void* tag) {
  const StackStart start = LEAKTRACK_CALLER_STACK_START();
  return Born(real(size, alignment, tag), size, start);
}

[[gnu::noinline]] void FreeSlow(void* block) {
  SettleFreeInline(block);
  g_real.free(block);
}

}  // namespace leaktrack::track
