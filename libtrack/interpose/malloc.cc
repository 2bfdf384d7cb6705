// SPDX-License-Identifier: Apache-2.0
//
// The names of the malloc family. Nothing is decided here. An allocation below the thread's budget,
// and a free that the filter clears, go straight to the real function by a tail call. Everything
// else goes to libtrack/wrap.
//
// tests/gates/check_fast_path.py holds the instruction counts of these two paths.
#include <errno.h>

#include <cstddef>
#include <cstdint>

#include "libtrack/interpose/export.h"
#include "libtrack/platform/real/real_functions.h"
#include "libtrack/runtime/run.h"
#include "libtrack/wrap/heap.h"

using namespace leaktrack::track;  // NOLINT: this file only exports it

namespace {

// True if the allocation is not sampled. Its bytes have then been taken from the budget.
[[gnu::always_inline]] inline bool BelowBudget(size_t size) {
  HotThread& hot = hot_thread;
  if (size >= hot.countdown) [[unlikely]]
    return false;
  hot.countdown -= size;
  return true;
}

[[gnu::always_inline]] inline bool MaybeOurs(const void* block) {
  return g_filter.MayBeTracked(block);
}

}  // namespace

LEAKTRACK_EXPORT void* malloc(size_t size) {
  if (BelowBudget(size)) [[likely]]
    return g_real.malloc(size);
  return MallocSlow(size);
}

LEAKTRACK_EXPORT void free(void* block) {
  if (!MaybeOurs(block)) [[likely]]
    return g_real.free(block);
  return FreeSlow(block);
}

LEAKTRACK_EXPORT void* calloc(size_t count, size_t size) {
  size_t bytes;
  if (!__builtin_mul_overflow(count, size, &bytes) && BelowBudget(bytes)) [[likely]] {
    return g_real.calloc(count, size);
  }
  return CallocSlow(count, size);
}

LEAKTRACK_EXPORT void* realloc(void* block, size_t size) {
  if (!MaybeOurs(block) && BelowBudget(size)) [[likely]]
    return g_real.realloc(block, size);
  return ReallocSlow(block, size);
}

LEAKTRACK_EXPORT void* reallocarray(void* block, size_t count, size_t size) {
  return ReallocarraySlow(block, count, size);
}

LEAKTRACK_EXPORT int posix_memalign(void** block, size_t alignment, size_t size) {
  if (BelowBudget(size)) [[likely]]
    return g_real.posix_memalign(block, alignment, size);
  return PosixMemalignSlow(block, alignment, size);
}

LEAKTRACK_EXPORT void* aligned_alloc(size_t alignment, size_t size) {
  if (BelowBudget(size)) [[likely]]
    return g_real.aligned_alloc(alignment, size);
  return AlignedAllocSlow(alignment, size);
}

LEAKTRACK_EXPORT void* memalign(size_t alignment, size_t size) {
  if (BelowBudget(size)) [[likely]]
    return g_real.memalign(alignment, size);
  return MemalignSlow(alignment, size);
}

LEAKTRACK_EXPORT void* valloc(size_t size) {
  if (BelowBudget(size)) [[likely]]
    return g_real.valloc(size);
  return VallocSlow(size);
}

LEAKTRACK_EXPORT void* pvalloc(size_t size) {
  if (BelowBudget(size)) [[likely]]
    return g_real.pvalloc(size);
  return PvallocSlow(size);
}

// Interposed only so that a block of the bootstrap arena never reaches an allocator that does not
// know it.
LEAKTRACK_EXPORT size_t malloc_usable_size(void* block) {
  return g_real.malloc_usable_size != nullptr ? g_real.malloc_usable_size(block) : 0;
}
