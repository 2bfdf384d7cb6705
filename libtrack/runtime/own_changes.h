// SPDX-License-Identifier: Apache-2.0
//
// Queues what the main thread has changed of itself alone, for the helper thread to repeat in the
// same order.
//
// Posting waits for nobody, because a program may change its effective identity by system calls of
// its own thousands of times a second. The memory that a call points to is copied.
// Limits: an entry holds a fixed number of groups. A change that finds no room, or that could not
// be repeated, leaves the helper behind (FellBehind). The helper must then end.
//
// Thread-safety: one thread posts at a time; the helper repeats.
// Allocates: never.
// Signals: none.
// Fork: the child calls ForgetOwnChanges.
#ifndef LEAKTRACK_LIBTRACK_RUNTIME_OWN_CHANGES_H_
#define LEAKTRACK_LIBTRACK_RUNTIME_OWN_CHANGES_H_

namespace leaktrack::track {

// A system call that has succeeded.
struct OwnChange {
  long number, a, b, c, d, e;
};

bool HasRoomForOwnChange();

// The caller must wake the helper.
void PostOwnChange(const OwnChange& change);

// Called by the helper before it does anything else.
void RepeatOwnChanges();

bool FellBehind();

// Tells that a change was made that will not be posted.
void FallBehind();

// Call it while there is no helper.
void ForgetOwnChanges();

}  // namespace leaktrack::track

#endif  // LEAKTRACK_LIBTRACK_RUNTIME_OWN_CHANGES_H_
