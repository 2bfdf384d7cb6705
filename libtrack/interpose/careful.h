// SPDX-License-Identifier: Apache-2.0
//
// How a hook makes one of the calls of runtime/careful_calls.h: a step before, the real call, a
// step after.
//
// `real` makes the call and returns its result, negative if it failed. errno is the real call's.
//
// Thread-safety, Allocates, Signals, Fork: as careful_calls.h.
#ifndef LEAKTRACK_LIBTRACK_INTERPOSE_CAREFUL_H_
#define LEAKTRACK_LIBTRACK_INTERPOSE_CAREFUL_H_

#include <errno.h>

#include "libtrack/platform/real/real_functions.h"
#include "libtrack/runtime/careful_calls.h"

namespace leaktrack::track {

// True if there is no real function. `real` is a slot of the table that may be filled only now, so
// it is passed by reference.
template <typename Function>
bool Missing(Function* const& real) {
  if (real != nullptr || (ResolveRealFunctions() && real != nullptr)) return false;
  errno = ENOSYS;
  return true;
}

// Calls `real` after `call` has been prepared, and passes the result to `after`.
template <typename Real, typename After>
auto CallCarefully(const CarefulCall& call, Real real, After after) {
  const auto result = real();
  const int saved_errno = errno;
  after(result);
  AfterCarefulCall(call);
  errno = saved_errno;
  return result;
}

template <typename Prepare>
CarefulCall KeepingErrno(Prepare prepare) {
  const int saved_errno = errno;
  const CarefulCall call = prepare();
  errno = saved_errno;
  return call;
}

template <typename Real>
auto CallAlone(Real real) {
  return CallCarefully(KeepingErrno(BeforeCallAlone), real, [](auto) {});
}

template <typename Real>
auto CallIdentity(Real real) {
  return CallCarefully(KeepingErrno(BeforeIdentityCall), real, [](auto) {});
}

template <typename Real>
auto CallOwnChange(const OwnChange& change, Real real) {
  const CarefulCall call = KeepingErrno(BeforeOwnChange);
  return CallCarefully(call, real, [&](auto result) {
    if (result >= 0) AfterOwnChange(call, change);
  });
}

// `installed(result)`: true if the filter is in force.
template <typename Real, typename Installed>
auto CallFilter(Real real, Installed installed) {
  const CarefulCall call = KeepingErrno(BeforeFilter);
  const auto result = real();
  const int saved_errno = errno;
  AfterFilter(call, installed(result));
  errno = saved_errno;
  return result;
}

}  // namespace leaktrack::track

#endif  // LEAKTRACK_LIBTRACK_INTERPOSE_CAREFUL_H_
