// SPDX-License-Identifier: Apache-2.0
//
// Calls of the program that do not bear our helper thread, or not as it stands.
//
//   alone     unshare, setns: fail where there is a second thread. The helper ends before, and a
//             new one starts after.
//   filter    seccomp: kills for what it forbids. The helper ends, and nothing of ours asks the
//             kernel any more.
//   identity  setuid and its family: the C library has each of its threads make the system call,
//             and aborts when one has another result. The helper takes part only if it would get
//             the same result; otherwise it ends before, and a new one starts after.
//   own       capset, some of prctl, set-id calls by syscall(): change the calling thread alone.
//             The helper repeats what the main thread did, so that it keeps no right that the
//             program has given up, and is found alike by the identity calls that follow. One
//             that cannot repeat a change is ended, or ends itself as soon as it goes on. (What
//             other threads do to themselves is theirs alone; setfsuid decides nothing here.)
//
// Limits: own changes by inline system calls are not seen; the next identity call finds the helper
// unlike and ends it.
//
// Thread-safety: one call at a time; others wait, at most a second, then go on with the helper as
// it is.   Allocates: pthread_create may, when the helper is started again.
// Signals: a call from a handler within another goes straight through.
// Fork: the child calls ForgetTurn.
#ifndef LEAKTRACK_LIBTRACK_RUNTIME_CAREFUL_CALLS_H_
#define LEAKTRACK_LIBTRACK_RUNTIME_CAREFUL_CALLS_H_

#include "libtrack/runtime/own_changes.h"

namespace leaktrack::track {

// What must be put right after the call.
struct CarefulCall {
  bool has_turn = false;        // others wait
  bool had_helper = false;      // one was there and is gone now
  bool helper_follows = false;  // it makes the call as well
  bool forbade = false;         // a filter: our system calls were forbidden for this call
  bool too_late = false;        // an own change: the turn was not to be had
};

CarefulCall BeforeCallAlone();
CarefulCall BeforeIdentityCall();
CarefulCall BeforeFilter();
CarefulCall BeforeOwnChange();

// After each of them but the filter's: the helper is started again, if it was ended.
void AfterCarefulCall(const CarefulCall& call);

// `in_force`: there is a filter now.
void AfterFilter(const CarefulCall& call, bool in_force);

// The change has succeeded.
void AfterOwnChange(const CarefulCall& call, const OwnChange& change);

// In a fork child, whose parent may have been in the middle of such a call.
void ForgetTurn();

}  // namespace leaktrack::track

#endif  // LEAKTRACK_LIBTRACK_RUNTIME_CAREFUL_CALLS_H_
