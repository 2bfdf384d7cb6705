// SPDX-License-Identifier: Apache-2.0
//
// Tells which stack memory may be read: a range of pages. Each page is probed once, by a system
// call that fails instead of faulting.
//
// Why: the bounds of a stack cannot be known (fibers, sigaltstack, a main stack that grows;
// jemalloc#2811, ddprof#213), and a garbage rbp may point anywhere. Why no signal handler: it would
// conflict with the program's own. Under a seccomp filter nothing can be probed. Then only the
// stack that the thread was given is trusted, up to 16 MiB.
// Limit: if a page is unmapped after it was probed, that is noticed only at NoteUnmap(), or when
// the stack pointer leaves the range.
//
// Thread-safety: one per thread.
// Allocates: never.
// Signals: safe.
// Fork: safe.
#ifndef LEAKTRACK_LIBTRACK_PLATFORM_WALK_STACK_PROBE_H_
#define LEAKTRACK_LIBTRACK_PLATFORM_WALK_STACK_PROBE_H_

#include <cstdint>

#include "libtrack/platform/walk/unwinder.h"

namespace leaktrack::track {

// Reads one word of foreign stack. Assembly, because the sanitizers forbid a plain load there (and
// a memcpy, pitfall L12).
inline uintptr_t LoadStackWord(uintptr_t address) {
  uintptr_t word;
  __asm__ volatile("movq %1, %0" : "=r"(word) : "m"(*reinterpret_cast<const uintptr_t*>(address)));
  return word;
}

inline bool InReadableRange(const UnwindMemo& memo, uintptr_t address) {
  return address - memo.readable_low < memo.readable_high - memo.readable_low;
}

// Probes the page of `address` and makes it part of the range. A near page extends the range. A
// page that is not near replaces it.
bool ExtendReadableRange(UnwindMemo& memo, uintptr_t address);

// Extends the range down to the page of `address`, where a walk begins, if that lies a little below
// the range and all pages between are readable. The innermost frame may be larger than a page, and
// a walk reads nothing of it. Without this its steps would never be on a known stack.
void ExtendReadableRangeDown(UnwindMemo& memo, uintptr_t address);

// Called once, by the library's constructor: the calling thread is the initial one. The initial
// thread's control block does not lie on its stack but among the mappings, where stacks of
// coroutines lie below it.
void NoteInitialThread();

// True if the calling function is on the stack that its thread was given, and `frame` is on the
// same stack a little further down. False on an alternate signal stack, on a coroutine's stack, if
// this cannot be known, or deeper than 256 KiB.
bool IsOwnStackFrom(uintptr_t frame);

// Reads an aligned word if that is safe.
inline bool ReadStackWord(UnwindMemo& memo, uintptr_t address, uintptr_t& word) {
  if ((address & 7) != 0) return false;
  if (!InReadableRange(memo, address) && !ExtendReadableRange(memo, address)) return false;
  word = LoadStackWord(address);
  return true;
}

}  // namespace leaktrack::track

#endif  // LEAKTRACK_LIBTRACK_PLATFORM_WALK_STACK_PROBE_H_
