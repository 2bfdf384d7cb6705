// SPDX-License-Identifier: Apache-2.0
//
// Finds the frame of the loader's lazy-binding trampoline, whose CFA is counted from rbx.
//
// What: a PLT stub pushes its module's link_map and an index and jumps to the trampoline, which
// keeps the old stack pointer in rbx, aligns the stack and sets room for the vector registers
// aside. Nobody records rbx on the way in, but the room's size is in the trampoline's own code;
// that leaves eight places for the frame, and the right one is known by the link_map above it. Why
// at all: an IFUNC resolver, or a lookup that allocates, runs inside of it; its callers are the
// program's.
// Refuses: a trampoline that begins in another way than glibc's since 2.23; the walk is then cut.
//
// Thread-safety: one per thread.   Allocates: never.   Signals: safe.   Fork: safe.
#ifndef LEAKTRACK_LIBTRACK_PLATFORM_WALK_LAZY_BINDING_H_
#define LEAKTRACK_LIBTRACK_PLATFORM_WALK_LAZY_BINDING_H_

#include <cstdint>

#include "libtrack/platform/walk/stack_step.h"

namespace leaktrack::track {

inline constexpr uint8_t kDwarfRbx = 3;

// The CFA of the trampoline that `state` stands in, rbx + `cfa_offset`; 0 if it is none or cannot
// be read.
uintptr_t FindLazyBindingCfa(UnwindMemo& memo, int32_t cfa_offset, const FrameState& state);

}  // namespace leaktrack::track

#endif  // LEAKTRACK_LIBTRACK_PLATFORM_WALK_LAZY_BINDING_H_
