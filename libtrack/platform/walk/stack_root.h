// SPDX-License-Identifier: Apache-2.0
//
// Where stacks begin, for a C library without unwind tables.
//
// Why: musl is built without CFI, so a walk stops in the frame that called main or the thread's
// function. That is the root, and nothing is missing. glibc marks its roots by a rule.
// How: those frames lie within a page of what the kernel put above the first stack, or of the
// thread's control block, which musl puts above the others.
//
// Thread-safety: NoteFirstStack() once, before the others.
// Allocates: never.
// Signals: safe.
// Fork: safe.
#ifndef LEAKTRACK_LIBTRACK_PLATFORM_WALK_STACK_ROOT_H_
#define LEAKTRACK_LIBTRACK_PLATFORM_WALK_STACK_ROOT_H_

#include <cstdint>

namespace leaktrack::track {

// Called by the library's constructor, before the program changes its environment.
void NoteFirstStack();

// True if a walk that cannot go on at stack pointer `sp` has come to the root. Always false under
// glibc.
bool IsRootWithoutRule(uintptr_t sp);

}  // namespace leaktrack::track

#endif  // LEAKTRACK_LIBTRACK_PLATFORM_WALK_STACK_ROOT_H_
