// SPDX-License-Identifier: Apache-2.0
//
// Blocks signals on this thread during its lifetime, so that no handler runs and none can jump out
// of the protected code.
//
// Fault signals stay open: a handler of the program must run for them, whatever it does. glibc's
// two internal signals are blocked too; setuid() and pthread_cancel() tolerate that for a moment.
// Limit: under a seccomp filter nothing is blocked, because the call may kill.
//
// Thread-safety: per thread.
// Allocates: never.
// Signals: safe.
// Fork: safe.
#ifndef LEAKTRACK_LIBTRACK_PLATFORM_OS_SIGNAL_MASK_H_
#define LEAKTRACK_LIBTRACK_PLATFORM_OS_SIGNAL_MASK_H_

#include <signal.h>

#include <cstdint>

#include "libtrack/platform/os/raw.h"

namespace leaktrack::track {

class SignalsBlocked {
 public:
  SignalsBlocked() {
    const uint64_t all_but_faults =
        ~(Bit(SIGSEGV) | Bit(SIGBUS) | Bit(SIGILL) | Bit(SIGFPE) | Bit(SIGTRAP) | Bit(SIGSYS));
    blocked_ =
        !raw::Forbidden() && raw::Call(SYS_rt_sigprocmask, SIG_BLOCK, raw::Ptr(&all_but_faults),
                                       raw::Ptr(&before_), sizeof before_) == 0;
  }
  ~SignalsBlocked() {
    if (blocked_) raw::Call(SYS_rt_sigprocmask, SIG_SETMASK, raw::Ptr(&before_), 0, sizeof before_);
  }
  SignalsBlocked(const SignalsBlocked&) = delete;
  SignalsBlocked& operator=(const SignalsBlocked&) = delete;

  bool blocked() const { return blocked_; }

 private:
  static constexpr uint64_t Bit(int signal_number) { return uint64_t{1} << (signal_number - 1); }
  bool blocked_;
  uint64_t before_;
};

}  // namespace leaktrack::track

#endif  // LEAKTRACK_LIBTRACK_PLATFORM_OS_SIGNAL_MASK_H_
