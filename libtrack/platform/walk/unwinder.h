// SPDX-License-Identifier: Apache-2.0
//
// Walks the calling thread's stack without a lock, an allocation or a loader call.
//
// Each frame costs one look-up of a compiled CFI rule, in a lock-free cache keyed by PC. A
// per-thread memo holds the last walk. When a walk meets a frame of the last walk, it verifies the
// outer frames slot by slot and reuses them. Where no CFI exists (JIT), saved frame pointers are
// followed while they are plausible.
//
// Promises: it never blocks and never faults: memory outside the range that is known to be readable
// is first probed by a system call. Stack (gcc -O2): 300 bytes on the warm path, 510 if rules must
// be compiled (unwinder_stack_test.cc). A refresh of the module map, which an address in no known
// module may start, needs more.
// Costs, 28 frames, in ns per frame: same stack 2.1, other call site 2.3, empty memo with warm
// rules 7.1 (unw_backtrace in the same run: 9.0), cold rules 135; see bench/README.md.
// Refuses to guess: a stack that cannot be followed to its root is cut and marked.
//
// Thread-safety: Walk() from any thread, each with its own memo.
// Allocates: never.
// Signals: safe (a walk inside a walk needs another memo; the caller's guard ensures it).
// Fork: the child may go on using everything.
#ifndef LEAKTRACK_LIBTRACK_PLATFORM_WALK_UNWINDER_H_
#define LEAKTRACK_LIBTRACK_PLATFORM_WALK_UNWINDER_H_

#include <cstddef>
#include <cstdint>
#include <span>

#include "libtrack/capture/recorder_layout.h"
#include "libtrack/platform/walk/unwind_memo.h"

namespace leaktrack::track {

// The start of a walk: the state of the innermost frame to be reported.
struct StackStart {
  uintptr_t pc;  // a return address into the caller of the hook
  uintptr_t sp;  // the caller's stack pointer just after the hook would return
  uintptr_t fp;  // the caller's rbp
};

// The state of the caller of a noinline function that keeps a frame pointer. A hook reaches the
// slow path by a tail call, so the slow path's caller is the program's own frame.
#define LEAKTRACK_CALLER_STACK_START()                              \
  (::leaktrack::track::StackStart{                                  \
      reinterpret_cast<uintptr_t>(__builtin_return_address(0)),     \
      reinterpret_cast<uintptr_t>(__builtin_frame_address(0)) + 16, \
      *reinterpret_cast<const uintptr_t*>(__builtin_frame_address(0))})

struct WalkResult {
  uint32_t frame_count = 0;
  bool truncated = false;
  uint64_t fold = 0;  // of the frames (stack_fold.h)
};

// Writes the frames of the calling thread, leaf first, as call sites (see capture::Frame).
WalkResult Walk(UnwindMemo& memo, const StackStart& start, std::span<capture::Frame> frames);

// Tells all threads that memory was unmapped or mapped over, so that readable pages are probed
// again. Call it after each munmap, mremap or mmap at a fixed address by the program (fiber stacks
// come and go). It costs one atomic add.
void NoteUnmap();

// Like Walk, but with the real libunwind (LEAKTRACK_UNWINDER=libunwind). Frames before start.pc are
// dropped.
WalkResult WalkWithLibunwind(UnwindMemo& memo, const StackStart& start,
                             std::span<capture::Frame> frames);

// Loads libunwind.so.8 (RTLD_LOCAL). Only from the library's constructor. False: it is not
// installed.
[[nodiscard]] bool LoadLibunwind();

}  // namespace leaktrack::track

#endif  // LEAKTRACK_LIBTRACK_PLATFORM_WALK_UNWINDER_H_
