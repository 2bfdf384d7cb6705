// SPDX-License-Identifier: Apache-2.0
//
// What one thread remembers of its last walk.
//
// Why it is separate from the unwinder: each thread's state contains a memo, and need not know how
// a stack is walked.
// Promise: zero-filled memory is a valid, empty memo.
// Limit: only unwinder.cc and stack_cache.cc use the contents.
//
// Thread-safety: none; one memo per thread.
// Allocates: never.
// Signals: a walk that interrupts a walk needs another memo.
// Fork: the child may go on using its copy.
#ifndef LEAKTRACK_LIBTRACK_PLATFORM_WALK_UNWIND_MEMO_H_
#define LEAKTRACK_LIBTRACK_PLATFORM_WALK_UNWIND_MEMO_H_

#include <cstddef>
#include <cstdint>

#include "libtrack/capture/recorder_layout.h"
#include "libtrack/platform/cfi/cfi_program.h"

namespace leaktrack::track {

inline constexpr size_t kMaxFrames = 128;

// The last walk of one thread. About 11 KiB, of which a walk of n frames touches 80 n bytes. Keep
// it in mapped memory, not in TLS.
//
// The last walk is stored like a stack, with the outermost frame first, from index 1. So frames
// that are still there are not touched when inner frames come and go. A walk finds its frames leaf
// first. They stay in `fresh` until their final index is known.
struct UnwindMemo {
  struct alignas(32) Entry {  // two to a cache line
    // Where this frame's return address was read. The frame's stack pointer is slot + 8.
    uintptr_t slot;
    // For a frame that a signal interrupted: the interrupted pc, plus one.
    uintptr_t return_address;
    uintptr_t fp;       // rbp in this frame
    uintptr_t fp_slot;  // where that rbp was read; 0: unchanged since the next inner frame
  };

  uint32_t count;        // frames of the last walk; its leaf is at this index
  uint32_t map_epoch;    // epoch of the module map in which the frames were resolved
  uint32_t stack_epoch;  // see NoteUnmap
  // A walk has begun and not ended. If a handler jumped out of it, entries are half written.
  uint32_t walking;
  uint32_t complete;  // the last walk ended at a root known by its pc alone
  uint32_t barriers;  // an entry outside the leaf may have its fp_slot at kBarrier (stack_step.h)
  uintptr_t readable_low, readable_high;  // stack pages found readable
  Entry entries[1 + kMaxFrames];          // the first is not a frame: its slot is above all others
  capture::Frame frames[1 + kMaxFrames];  // of the entries
  uint64_t folds[1 + kMaxFrames];         // of this frame and all outer ones
  Entry fresh[kMaxFrames];                // the walk in progress, leaf first
  CfiWork work;                           // where cold rules are compiled
  // The walk in progress. It is here because the stack of a hook belongs to the program.
  uint64_t walker[20];
};

}  // namespace leaktrack::track

#endif  // LEAKTRACK_LIBTRACK_PLATFORM_WALK_UNWIND_MEMO_H_
