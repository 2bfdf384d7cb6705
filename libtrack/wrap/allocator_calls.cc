// SPDX-License-Identifier: Apache-2.0
#include "libtrack/wrap/allocator_calls.h"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <span>

#include "libtrack/platform/os/link_object.h"
#include "libtrack/platform/os/linker.h"
#include "libtrack/platform/real/import_slots.h"
#include "libtrack/platform/real/real_functions.h"
#include "libtrack/platform/walk/unwinder.h"
#include "libtrack/runtime/run.h"
#include "libtrack/wrap/death.h"
#include "libtrack/wrap/inner_calls.h"
#include "libtrack/wrap/reallocate.h"

// One line for each call: its name, and what its arguments (a to d) say. Arguments that a call does
// not have are passed on as whatever the registers hold.
//  BORN(name, size)           returns a block of this size
//  BORN_AT(name, size)        writes the block to *a and returns 0
//  MOVED(name, block, size)   a realloc that leaves the block alone when it fails
//  RENEWED(name, block, size) a realloc that frees the block when it fails
//  DIED(name, block)          frees, or takes over into a heap of the program's own
#define LEAKTRACK_JEMALLOC_CALLS(BORN, BORN_AT, MOVED, RENEWED, DIED) \
  BORN(mallocx, a)                                                    \
  MOVED(rallocx, a, b)                                                \
  DIED(dallocx, a)                                                    \
  DIED(sdallocx, a)
#define LEAKTRACK_TCMALLOC_CALLS(BORN, BORN_AT, MOVED, RENEWED, DIED) \
  BORN(tc_malloc, a)                                                  \
  BORN(tc_malloc_skip_new_handler, a)                                 \
  BORN(tc_calloc, Product(a, b))                                      \
  BORN(tc_memalign, b)                                                \
  BORN_AT(tc_posix_memalign, c)                                       \
  BORN(tc_valloc, a)                                                  \
  BORN(tc_pvalloc, a)                                                 \
  BORN(tc_new, a)                                                     \
  BORN(tc_new_nothrow, a)                                             \
  BORN(tc_new_aligned, a)                                             \
  BORN(tc_new_aligned_nothrow, a)                                     \
  BORN(tc_newarray, a)                                                \
  BORN(tc_newarray_nothrow, a)                                        \
  BORN(tc_newarray_aligned, a)                                        \
  BORN(tc_newarray_aligned_nothrow, a)                                \
  MOVED(tc_realloc, a, b)                                             \
  DIED(tc_free, a)                                                    \
  DIED(tc_free_sized, a)                                              \
  DIED(tc_cfree, a)                                                   \
  DIED(tc_delete, a)                                                  \
  DIED(tc_delete_sized, a)                                            \
  DIED(tc_delete_nothrow, a)                                          \
  DIED(tc_delete_aligned, a)                                          \
  DIED(tc_delete_sized_aligned, a)                                    \
  DIED(tc_delete_aligned_nothrow, a)                                  \
  DIED(tc_deletearray, a)                                             \
  DIED(tc_deletearray_sized, a)                                       \
  DIED(tc_deletearray_nothrow, a)                                     \
  DIED(tc_deletearray_aligned, a)                                     \
  DIED(tc_deletearray_sized_aligned, a)                               \
  DIED(tc_deletearray_aligned_nothrow, a)
#define LEAKTRACK_MIMALLOC_CALLS(BORN, BORN_AT, MOVED, RENEWED, DIED) \
  BORN(mi_malloc, a)                                                  \
  BORN(mi_malloc_small, a)                                            \
  BORN(mi_zalloc, a)                                                  \
  BORN(mi_zalloc_small, a)                                            \
  BORN(mi_calloc, Product(a, b))                                      \
  BORN(mi_mallocn, Product(a, b))                                     \
  BORN(mi_malloc_aligned, a)                                          \
  BORN(mi_malloc_aligned_at, a)                                       \
  BORN(mi_zalloc_aligned, a)                                          \
  BORN(mi_zalloc_aligned_at, a)                                       \
  BORN(mi_calloc_aligned, Product(a, b))                              \
  BORN(mi_calloc_aligned_at, Product(a, b))                           \
  BORN(mi_memalign, b)                                                \
  BORN(mi_aligned_alloc, b)                                           \
  BORN_AT(mi_posix_memalign, c)                                       \
  BORN(mi_valloc, a)                                                  \
  BORN(mi_pvalloc, a)                                                 \
  BORN(mi_new, a)                                                     \
  BORN(mi_new_nothrow, a)                                             \
  BORN(mi_new_aligned, a)                                             \
  BORN(mi_new_aligned_nothrow, a)                                     \
  BORN(mi_new_n, Product(a, b))                                       \
  MOVED(mi_realloc, a, b)                                             \
  MOVED(mi_rezalloc, a, b)                                            \
  MOVED(mi_new_realloc, a, b)                                         \
  MOVED(mi_realloc_aligned, a, b)                                     \
  MOVED(mi_realloc_aligned_at, a, b)                                  \
  MOVED(mi_rezalloc_aligned, a, b)                                    \
  MOVED(mi_rezalloc_aligned_at, a, b)                                 \
  MOVED(mi_reallocn, a, Product(b, c))                                \
  MOVED(mi_reallocarray, a, Product(b, c))                            \
  MOVED(mi_recalloc, a, Product(b, c))                                \
  MOVED(mi_new_reallocn, a, Product(b, c))                            \
  MOVED(mi_aligned_recalloc, a, Product(b, c))                        \
  MOVED(mi_recalloc_aligned, a, Product(b, c))                        \
  MOVED(mi_recalloc_aligned_at, a, Product(b, c))                     \
  RENEWED(mi_reallocf, a, b)                                          \
  DIED(mi_heap_realloc, b)                                            \
  DIED(mi_heap_reallocf, b)                                           \
  DIED(mi_heap_reallocn, b)                                           \
  DIED(mi_heap_rezalloc, b)                                           \
  DIED(mi_heap_recalloc, b)                                           \
  DIED(mi_heap_realloc_aligned, b)                                    \
  DIED(mi_heap_realloc_aligned_at, b)                                 \
  DIED(mi_heap_rezalloc_aligned, b)                                   \
  DIED(mi_heap_rezalloc_aligned_at, b)                                \
  DIED(mi_heap_recalloc_aligned, b)                                   \
  DIED(mi_heap_recalloc_aligned_at, b)                                \
  DIED(mi_free, a)                                                    \
  DIED(mi_cfree, a)                                                   \
  DIED(mi_free_size, a)                                               \
  DIED(mi_free_aligned, a)                                            \
  DIED(mi_free_size_aligned, a)
#define LEAKTRACK_C23_CALLS(BORN, BORN_AT, MOVED, RENEWED, DIED) \
  DIED(free_sized, a)                                            \
  DIED(free_aligned_sized, a)
#define LEAKTRACK_ALL_CALLS(...)        \
  LEAKTRACK_JEMALLOC_CALLS(__VA_ARGS__) \
  LEAKTRACK_TCMALLOC_CALLS(__VA_ARGS__) \
  LEAKTRACK_MIMALLOC_CALLS(__VA_ARGS__) \
  LEAKTRACK_C23_CALLS(__VA_ARGS__)

namespace leaktrack::track {
namespace {

using Word = uintptr_t;
using Real = Word (*)(Word, Word, Word, Word, Word, Word);

enum Call : size_t {
#define LEAKTRACK_NUMBER(name, ...) k_##name,
  LEAKTRACK_ALL_CALLS(LEAKTRACK_NUMBER, LEAKTRACK_NUMBER, LEAKTRACK_NUMBER, LEAKTRACK_NUMBER,
                      LEAKTRACK_NUMBER)
#undef LEAKTRACK_NUMBER
      kCalls
};

constinit Real g_calls[kCalls]{};

// SIZE_MAX: the real function will refuse it.
inline size_t Product(size_t count, size_t size) {
  size_t bytes;
  return __builtin_mul_overflow(count, size, &bytes) ? SIZE_MAX : bytes;
}

// As the hook of malloc: true if the allocation is not sampled.
[[gnu::always_inline]] inline bool BelowBudget(size_t size) {
  HotThread& hot = hot_thread;
  if (size >= hot.countdown) [[unlikely]]
    return false;
  hot.countdown -= size;
  return true;
}

inline void* Block(Word word) { return reinterpret_cast<void*>(word); }

// Each function is called by the program itself, so its caller's frame is the program's.
#define LEAKTRACK_OURS(name)                                                                     \
  [[gnu::noinline]] LEAKTRACK_JUDGES_LATER Word Ours_##name(                                     \
      [[maybe_unused]] Word a, [[maybe_unused]] Word b, [[maybe_unused]] Word c, Word d, Word e, \
      Word f)
#define LEAKTRACK_REAL(name) g_calls[k_##name](a, b, c, d, e, f)

#define LEAKTRACK_BORN(name, size)                           \
  LEAKTRACK_OURS(name) {                                     \
    const size_t bytes = (size);                             \
    const StackStart start = LEAKTRACK_CALLER_STACK_START(); \
    const Word block = LEAKTRACK_REAL(name);                 \
    if (!BelowBudget(bytes)) [[unlikely]]                    \
      Born(Block(block), bytes, start);                      \
    return block;                                            \
  }
#define LEAKTRACK_BORN_AT(name, size)                                      \
  LEAKTRACK_OURS(name) {                                                   \
    const size_t bytes = (size);                                           \
    const StackStart start = LEAKTRACK_CALLER_STACK_START();               \
    const Word result = LEAKTRACK_REAL(name);                              \
    if (static_cast<int>(result) == 0 && !BelowBudget(bytes)) [[unlikely]] \
      Born(*reinterpret_cast<void**>(a), bytes, start);                    \
    return result;                                                         \
  }
#define LEAKTRACK_MOVED(name, block, size)                                                     \
  LEAKTRACK_OURS(name) {                                                                       \
    const size_t bytes = (size);                                                               \
    if (!g_filter.MayBeTracked(Block(block)) && BelowBudget(bytes)) [[likely]]                 \
      return LEAKTRACK_REAL(name);                                                             \
    const StackStart start = LEAKTRACK_CALLER_STACK_START();                                   \
    return reinterpret_cast<Word>(Reallocate(                                                  \
        Block(block), bytes,                                                                   \
        start, [=]() __attribute__((always_inline)) { return Block(LEAKTRACK_REAL(name)); })); \
  }
#define LEAKTRACK_RENEWED(name, block, size)                           \
  LEAKTRACK_OURS(name) {                                               \
    const size_t bytes = (size);                                       \
    const StackStart start = LEAKTRACK_CALLER_STACK_START();           \
    if (g_filter.MayBeTracked(Block(block))) SettleFree(Block(block)); \
    const Word renewed = LEAKTRACK_REAL(name);                         \
    if (!BelowBudget(bytes)) [[unlikely]]                              \
      Born(Block(renewed), bytes, start);                              \
    return renewed;                                                    \
  }
#define LEAKTRACK_DIED(name, block)                                    \
  LEAKTRACK_OURS(name) {                                               \
    if (g_filter.MayBeTracked(Block(block))) SettleFree(Block(block)); \
    return LEAKTRACK_REAL(name);                                       \
  }
LEAKTRACK_ALL_CALLS(LEAKTRACK_BORN, LEAKTRACK_BORN_AT, LEAKTRACK_MOVED, LEAKTRACK_RENEWED,
                    LEAKTRACK_DIED)

constexpr const char* kNames[] = {
#define LEAKTRACK_NAME(name, ...) #name,
    LEAKTRACK_ALL_CALLS(LEAKTRACK_NAME, LEAKTRACK_NAME, LEAKTRACK_NAME, LEAKTRACK_NAME,
                        LEAKTRACK_NAME)
#undef LEAKTRACK_NAME
};
constexpr Real kOurs[] = {
#define LEAKTRACK_FUNCTION(name, ...) Ours_##name,
    LEAKTRACK_ALL_CALLS(LEAKTRACK_FUNCTION, LEAKTRACK_FUNCTION, LEAKTRACK_FUNCTION,
                        LEAKTRACK_FUNCTION, LEAKTRACK_FUNCTION)
#undef LEAKTRACK_FUNCTION
};
static_assert(std::size(kNames) == kCalls && std::size(kOurs) == kCalls);

// Redirects the calls from `first` to before `last` to ours, if `sign`, one of their names, tells
// that an allocator behind us has them. In one before us, or in the program, they are not ours to
// follow: the whole heap is not seen there.
void RedirectFamily(const char* sign, size_t first, size_t last) {
  const FoundSymbol definer = FindNextInLinkMap(sign);
  if (definer.address == nullptr || FindFirstSymbol(sign) != definer.address) return;
  Redirection redirections[kCalls];
  for (size_t i = first; i < last; ++i) {
    void* const real = FindInObject(static_cast<const link_map*>(definer.object), kNames[i]);
    const bool first_of_all = real != nullptr && FindFirstSymbol(kNames[i]) == real;
    g_calls[i] = reinterpret_cast<Real>(real);
    redirections[i] = {kNames[i], first_of_all ? real : nullptr,
                       reinterpret_cast<const void*>(kOurs[i])};
  }
  RedirectImports(definer.object, std::span(redirections + first, last - first));
}

}  // namespace

void RedirectAllocatorCalls() {
  if (!g_real_resolved.load(std::memory_order_acquire)) return;
  RedirectFamily("sdallocx", 0, k_tc_malloc);
  RedirectFamily("tc_free", k_tc_malloc, k_mi_malloc);
  RedirectFamily("mi_free", k_mi_malloc, k_free_sized);
  RedirectFamily("free_sized", k_free_sized, kCalls);
}

}  // namespace leaktrack::track
