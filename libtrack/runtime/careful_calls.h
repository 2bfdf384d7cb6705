// SPDX-License-Identifier: Apache-2.0
//
// Calls of the program that cannot work beside our helper thread, or not in its present state.
//
//  alone     unshare, setns: fail if there is a second thread. The helper ends before the call, and
//            a new one starts after it.
//  filter    seccomp: kills for what it forbids. The helper ends, and from then on nothing of ours
//            makes system calls.
//  identity  setuid and its family: the C library has each of its threads make the system call, and
//            aborts if one gets another result. The helper takes part only if it would get the same
//            result. Otherwise it ends before the call, and a new one starts after it.
//  own       capset, some of prctl, set-id calls by syscall(): change only the calling thread. The
//            helper repeats what the main thread did. So it keeps no right that the program has
//            given up, and is in the same state for later identity calls. A helper that cannot
//            repeat a change is ended, or ends itself as soon as it runs again. (What other threads
//            change concerns only them; setfsuid has no effect here.)
//
// Limit: own changes by inline system calls are not seen. The next identity call finds the helper
// in another state and ends it.
//
// Thread-safety: one call at a time. Others wait, at most a second, then go on without a turn.
// Allocates: pthread_create may, when the helper is started again.
// Signals: a call from a handler inside another call goes straight through.
// Fork: the child calls ForgetTurn.
#ifndef LEAKTRACK_LIBTRACK_RUNTIME_CAREFUL_CALLS_H_
#define LEAKTRACK_LIBTRACK_RUNTIME_CAREFUL_CALLS_H_

#include "libtrack/runtime/own_changes.h"

namespace leaktrack::track {

// What to restore after the call.
struct CarefulCall {
  bool has_turn = false;        // this call holds the turn; others wait
  bool had_helper = false;      // there was a helper, and it has ended
  bool helper_follows = false;  // the helper makes the call as well
  bool forbade = false;         // a filter: our system calls were forbidden for this call
  bool too_late = false;        // an own change: the turn was not to be had
};

CarefulCall BeforeCallAlone();
CarefulCall BeforeIdentityCall();
CarefulCall BeforeFilter();
CarefulCall BeforeOwnChange();

// After each of them except the filter's: starts the helper again if it was ended.
void AfterCarefulCall(const CarefulCall& call);

// `in_force`: the filter is in force now.
void AfterFilter(const CarefulCall& call, bool in_force);

// Call it after the change has succeeded.
void AfterOwnChange(const CarefulCall& call, const OwnChange& change);

// For a fork child, whose parent may have been inside such a call.
void ForgetTurn();

}  // namespace leaktrack::track

#endif  // LEAKTRACK_LIBTRACK_RUNTIME_CAREFUL_CALLS_H_
