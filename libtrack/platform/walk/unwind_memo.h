// SPDX-License-Identifier: Apache-2.0
//
// What one thread remembers of its last walk.
//
// Why apart from the unwinder: each thread's state holds a memo, and need not know how a stack is
// walked.
// Promises: zero-filled memory is a valid empty memo. Limits: contents belong to unwinder.cc and
// stack_cache.cc alone.
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

// The last walk of one thread. About 11 KiB, of which walks of n frames touch 80 n bytes: keep it
// in mapped memory, not in TLS.
//
// The last walk lies as a stack does, outermost frame first, from index 1: what stands is not
// touched when frames inside it come and go. A walk finds its frames leaf first; they wait in
// `fresh` until it is known where they go.
struct UnwindMemo {
  struct alignas(32) Entry {  // two to a cache line
    uintptr_t
        slot;  // where this frame's return address was read; the frame's stack pointer is slot + 8
    uintptr_t
        return_address;  // for a frame that a signal interrupted: the interrupted pc, plus one
    uintptr_t fp;        // rbp in this frame
    uintptr_t fp_slot;   // where that rbp was read; 0: unchanged since the frame inside this one
  };

  uint32_t count;        // frames of the last walk; its leaf is at this index
  uint32_t map_epoch;    // state of the module map that the frames were resolved in
  uint32_t stack_epoch;  // see NoteUnmap
  uint32_t
      walking;  // a walk has begun and not ended: jumped out of, it leaves entries half written
  uint32_t complete;  // the last walk has ended, at a root known by its pc alone
  uint32_t barriers;  // an entry outside the leaf may have its fp_slot at kBarrier (stack_step.h)
  uintptr_t readable_low, readable_high;  // stack pages found readable
  Entry entries[1 + kMaxFrames];          // the first is no frame: above all
  capture::Frame frames[1 + kMaxFrames];  // of the entries
  uint64_t folds[1 + kMaxFrames];         // of the frames from there outwards
  Entry fresh[kMaxFrames];                // of the walk in progress, leaf first
  CfiWork work;                           // where cold rules are compiled
  uint64_t walker[20];  // the walk in progress: the stack of a hook is the program's
};

}  // namespace leaktrack::track

#endif  // LEAKTRACK_LIBTRACK_PLATFORM_WALK_UNWIND_MEMO_H_
