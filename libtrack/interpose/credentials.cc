// SPDX-License-Identifier: Apache-2.0
//
// The names of the calls that change the rights of a process or a thread: identity, capabilities,
// filters. Also through syscall().
#include <errno.h>
#include <linux/prctl.h>
#include <linux/seccomp.h>
#include <sys/syscall.h>
#include <sys/types.h>

#include "libtrack/interpose/careful.h"
#include "libtrack/interpose/export.h"
#include "libtrack/interpose/seventh_argument.h"
#include "libtrack/platform/os/raw.h"
#include "libtrack/platform/real/real_functions.h"
#include "libtrack/platform/walk/unwinder.h"
#include "libtrack/wrap/mapping_calls.h"

using namespace leaktrack::track;  // NOLINT: this file only exports it

#define LEAKTRACK_IDENTITY_CALL(name, parameters, ...)             \
  LEAKTRACK_EXPORT int name parameters {                           \
    if (Missing(g_real.name)) return -1;                           \
    return CallIdentity([=] { return g_real.name(__VA_ARGS__); }); \
  }

LEAKTRACK_IDENTITY_CALL(setuid, (uid_t id), id)
LEAKTRACK_IDENTITY_CALL(setgid, (gid_t id), id)
LEAKTRACK_IDENTITY_CALL(seteuid, (uid_t id), id)
LEAKTRACK_IDENTITY_CALL(setegid, (gid_t id), id)
LEAKTRACK_IDENTITY_CALL(setreuid, (uid_t real, uid_t effective), real, effective)
LEAKTRACK_IDENTITY_CALL(setregid, (gid_t real, gid_t effective), real, effective)
LEAKTRACK_IDENTITY_CALL(setresuid, (uid_t real, uid_t effective, uid_t saved), real, effective,
                        saved)
LEAKTRACK_IDENTITY_CALL(setresgid, (gid_t real, gid_t effective, gid_t saved), real, effective,
                        saved)
LEAKTRACK_IDENTITY_CALL(setgroups, (size_t count, const gid_t* groups), count, groups)
LEAKTRACK_IDENTITY_CALL(initgroups, (const char* user, gid_t group), user, group)

LEAKTRACK_EXPORT int capset(void* header, const void* data) {
  if (Missing(g_real.capset)) return -1;
  const OwnChange change{SYS_capset, raw::Ptr(header), raw::Ptr(data), 0, 0, 0};
  return CallOwnChange(change, [=] { return g_real.capset(header, data); });
}

// Named by hand: the headers declare both functions as variadic.
LEAKTRACK_EXPORT int HookedPrctl(int, unsigned long, unsigned long, unsigned long,
                                 unsigned long) __asm__("prctl");
LEAKTRACK_EXPORT long HookedSyscall(long, long, long, long, long, long) __asm__("syscall");

namespace {

// `real` makes the call in the way that the program has chosen: another library's prctl may be
// implemented by syscall().
template <typename Real>
auto PrctlCarefully(int option, unsigned long a, unsigned long b, unsigned long c, unsigned long d,
                    Real real) {
  switch (option) {
    case PR_SET_SECCOMP:
      return CallFilter(real, [](auto result) { return result >= 0; });
    case PR_SET_KEEPCAPS:
    case PR_SET_SECUREBITS:
    case PR_CAPBSET_DROP:
    case PR_CAP_AMBIENT:
    case PR_SET_NO_NEW_PRIVS: {
      const OwnChange change{SYS_prctl,
                             option,
                             static_cast<long>(a),
                             static_cast<long>(b),
                             static_cast<long>(c),
                             static_cast<long>(d)};
      return CallOwnChange(change, real);
    }
    default:  // changes nothing that matters here
      return real();
  }
}

}  // namespace

int HookedPrctl(int option, unsigned long a, unsigned long b, unsigned long c, unsigned long d) {
  if (Missing(g_real.prctl)) return -1;
  return PrctlCarefully(option, a, b, c, d, [=] { return g_real.prctl(option, a, b, c, d); });
}

namespace {

// If a thread of the group could not follow, the call returns that thread's id and there is no
// filter. With a listener the result is a descriptor.
bool FilterIsInForce(long flags, long result) {
  return result == 0 || (result > 0 && (flags & SECCOMP_FILTER_FLAG_NEW_LISTENER) != 0);
}

[[gnu::noinline]] long SyscallCarefully(long number, long a, long b, long c, long d, long e,
                                        long f) {
  if (Missing(g_real.syscall)) return -1;
  const auto real = [=] { return g_real.syscall(number, a, b, c, d, e, f); };
  switch (number) {
    case SYS_prctl:
      return PrctlCarefully(static_cast<int>(a), static_cast<unsigned long>(b),
                            static_cast<unsigned long>(c), static_cast<unsigned long>(d),
                            static_cast<unsigned long>(e), real);
    case SYS_seccomp:
      if (a != SECCOMP_SET_MODE_STRICT && a != SECCOMP_SET_MODE_FILTER) return real();
      return CallFilter(real, [=](long result) { return FilterIsInForce(b, result); });
    case SYS_unshare:
    case SYS_setns:
      return CallAlone(real);
    default:
      return CallOwnChange({number, a, b, c, d, e}, real);
  }
}

bool NeedsCare(long number) {
  switch (number) {
    case SYS_setuid:
    case SYS_setgid:
    case SYS_setreuid:
    case SYS_setregid:
    case SYS_setresuid:
    case SYS_setresgid:
    case SYS_setgroups:
    case SYS_capset:
    case SYS_prctl:
    case SYS_seccomp:
    case SYS_unshare:
    case SYS_setns:
      return true;
    default:  // all the others
      return false;
  }
}

}  // namespace

long HookedSyscall(long number, long a, long b, long c, long d, long e) {
  const long f = LEAKTRACK_SEVENTH_ARGUMENT();
  if (NeedsCare(number)) [[unlikely]]
    return SyscallCarefully(number, a, b, c, d, e, f);
  if (IsMappingCall(number))
    return MappingCall(LEAKTRACK_CALLER_STACK_START(), number, a, b, c, d, e, f);
  if (g_real.syscall != nullptr) [[likely]]
    return g_real.syscall(number, a, b, c, d, e, f);
  const long result = raw::Call(number, a, b, c, d, e, f);
  if (!raw::Failed(result)) return result;
  errno = static_cast<int>(-result);
  return -1;
}
