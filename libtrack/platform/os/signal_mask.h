// SPDX-License-Identifier: Apache-2.0
//
// No signal handler runs on this thread while one of these lives: nobody can jump out of what lies
// between.
//
// The signals of a fault stay open: there a handler of the program must run, whatever it then does.
// glibc's two internal ones wait, too; setuid() and pthread_cancel() bear that for a moment.
// Limits: nothing is blocked under a seccomp filter, where the call may kill.
//
// Thread-safety: per thread.   Allocates: never.   Signals: safe.   Fork: safe.
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
