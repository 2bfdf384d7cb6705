// SPDX-License-Identifier: Apache-2.0
//
// Which stack memory may be read: a range of pages, each probed once by a system call that fails
// instead of faulting.
//
// Why: the bounds of a stack cannot be known (fibers, sigaltstack, a main stack that grows;
// jemalloc#2811, ddprof#213), and a garbage rbp may point anywhere. Why no signal handler: it would
// fight with the program's own. Under a seccomp filter nothing can be probed: then only the stack
// that the thread was given is trusted, up to 16 MiB.
// Limits: a page that is unmapped after it was probed is not noticed until NoteUnmap(), or until
// the stack pointer leaves the range.
//
// Thread-safety: one per thread.   Allocates: never.   Signals: safe.   Fork: safe.
#ifndef LEAKTRACK_LIBTRACK_PLATFORM_WALK_STACK_PROBE_H_
#define LEAKTRACK_LIBTRACK_PLATFORM_WALK_STACK_PROBE_H_

#include <cstdint>

#include "libtrack/platform/walk/unwinder.h"

namespace leaktrack::track {

// One word of foreign stack. Assembly, because the sanitizers forbid a plain load there (and a
// memcpy, pitfall L12).
inline uintptr_t LoadStackWord(uintptr_t address) {
  uintptr_t word;
  __asm__ volatile("movq %1, %0" : "=r"(word) : "m"(*reinterpret_cast<const uintptr_t*>(address)));
  return word;
}

inline bool InReadableRange(const UnwindMemo& memo, uintptr_t address) {
  return address - memo.readable_low < memo.readable_high - memo.readable_low;
}

// Probes the page of `address` and makes it part of the range: extends the range when the page is
// near, moves the range there when it is not.
bool ExtendReadableRange(UnwindMemo& memo, uintptr_t address);

// Extends the range down to the page of `address`, where a walk is to begin, if that lies near
// below and all between is readable. The innermost frame may be larger than a page, of which a walk
// reads nothing: its steps would never be on known stack.
void ExtendReadableRangeDown(UnwindMemo& memo, uintptr_t address);

// Once, from the library's constructor: the calling thread is the initial one. Its control block
// does not lie on its stack but among the mappings, where stacks of coroutines lie below it.
void NoteInitialThread();

// Is the calling function on the stack that its thread was given, and `frame` a little further down
// on the same? Not on an alternate signal stack, not on a coroutine's; false also if that cannot be
// known, or deeper than 256 KiB.
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
