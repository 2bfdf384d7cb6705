// SPDX-License-Identifier: Apache-2.0
//
// What the main thread has changed of itself alone, for the helper thread to repeat, in its order.
//
// Posting waits for nobody: a program may change its effective identity by system calls of its own
// thousands of times a second. What a call points to is copied.
// Limits: so many groups as an entry holds; a change that finds no room, or that could not be
// repeated, leaves the helper behind (FellBehind): it is to end.
//
// Thread-safety: one thread posts at a time, the helper repeats.   Allocates: never.
// Signals: none.   Fork: the child calls ForgetOwnChanges.
#ifndef LEAKTRACK_LIBTRACK_RUNTIME_OWN_CHANGES_H_
#define LEAKTRACK_LIBTRACK_RUNTIME_OWN_CHANGES_H_

namespace leaktrack::track {

// A system call that has succeeded.
struct OwnChange {
  long number, a, b, c, d, e;
};

bool HasRoomForOwnChange();

// The caller wakes the helper.
void PostOwnChange(const OwnChange& change);

// By the helper, before it does anything else.
void RepeatOwnChanges();

bool FellBehind();

// A change was made that will not be posted.
void FallBehind();

// While there is no helper.
void ForgetOwnChanges();

}  // namespace leaktrack::track

#endif  // LEAKTRACK_LIBTRACK_RUNTIME_OWN_CHANGES_H_
