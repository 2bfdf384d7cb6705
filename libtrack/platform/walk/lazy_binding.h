// SPDX-License-Identifier: Apache-2.0
//
// Finds the frame of the loader's lazy-binding trampoline, whose CFA is relative to rbx.
//
// A PLT stub pushes its module's link_map and an index, and jumps to the trampoline. The trampoline
// keeps the old stack pointer in rbx, aligns the stack, and reserves space for the vector
// registers. Nothing saves rbx where we could find it. But the trampoline's own code contains the
// size of the space. That leaves eight candidates for the frame, and the link_map above it
// identifies the right one. Why it is needed: an IFUNC resolver, or a lookup that allocates, runs
// inside the trampoline, and its callers are the program's.
// Refuses: a trampoline that begins differently from glibc's since 2.23. The walk is then cut.
//
// Thread-safety: one per thread.
// Allocates: never.
// Signals: safe.
// Fork: safe.
#ifndef LEAKTRACK_LIBTRACK_PLATFORM_WALK_LAZY_BINDING_H_
#define LEAKTRACK_LIBTRACK_PLATFORM_WALK_LAZY_BINDING_H_

#include <cstdint>

#include "libtrack/platform/walk/stack_step.h"

namespace leaktrack::track {

inline constexpr uint8_t kDwarfRbx = 3;

// The CFA of the trampoline in which `state` is, rbx + `cfa_offset`. 0: it is not a trampoline, or
// cannot be read.
uintptr_t FindLazyBindingCfa(UnwindMemo& memo, int32_t cfa_offset, const FrameState& state);

}  // namespace leaktrack::track

#endif  // LEAKTRACK_LIBTRACK_PLATFORM_WALK_LAZY_BINDING_H_
