// SPDX-License-Identifier: Apache-2.0
//
// The seventh argument of a hook whose callers give as many as they need: syscall, clone.
//
// It would lie in the caller's frame. A caller that gave fewer has a variable of its own there,
// which another thread may be writing to, or memory that nobody may write to. Why it is no
// parameter: the place of a parameter is the callee's own by the calling convention, and compilers
// do store to it, before a tail call or when registers are short. Here it is only read, as the real
// functions do.
//
// Limits: x86-64; in the body of the hook itself, once at most.
#ifndef LEAKTRACK_LIBTRACK_INTERPOSE_SEVENTH_ARGUMENT_H_
#define LEAKTRACK_LIBTRACK_INTERPOSE_SEVENTH_ARGUMENT_H_

// Above the saved frame pointer and the return address.
#define LEAKTRACK_SEVENTH_ARGUMENT() \
  (static_cast<const volatile long*>(__builtin_frame_address(0))[2])

#endif  // LEAKTRACK_LIBTRACK_INTERPOSE_SEVENTH_ARGUMENT_H_
