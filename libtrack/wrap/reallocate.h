// SPDX-License-Identifier: Apache-2.0
//
// The order of a birth and of a reallocation around the real call (heap.h says why). Inlined into
// each slow path, whose caller is the program.
//
// Thread-safety: yes.
// Allocates: what the real call allocates.
// Signals: safe where the real function is.
// Fork: as heap.h.
#ifndef LEAKTRACK_LIBTRACK_WRAP_REALLOCATE_H_
#define LEAKTRACK_LIBTRACK_WRAP_REALLOCATE_H_

#include <cstddef>

#include "libtrack/platform/walk/unwinder.h"
#include "libtrack/runtime/hook_coverage.h"
#include "libtrack/runtime/run.h"
#include "libtrack/runtime/youth.h"
#include "libtrack/wrap/birth.h"
#include "libtrack/wrap/death.h"
#include "libtrack/wrap/young.h"

namespace leaktrack::track {

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

inline void TakeForRealloc(const void* block, Removed* removed, Cradle::Block** young) {
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

}  // namespace leaktrack::track

#endif  // LEAKTRACK_LIBTRACK_WRAP_REALLOCATE_H_
