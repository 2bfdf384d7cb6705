// SPDX-License-Identifier: Apache-2.0
// A signal whose default action is death is sent to a process whose own threads all block it. The
// signal must stay pending. Nothing of ours has a handler, and the program's mask is unchanged.
// EXPECT: end exited
// EXPECT: live Leak 1 objects 1709 bytes
#include <signal.h>
#include <time.h>

#include "program.h"

NOINLINE static void Leak(void) { Escape(malloc(1709)); }

int main(void) {
  sigset_t mask;
  REQUIRE(sigprocmask(SIG_SETMASK, NULL, &mask) == 0);
  for (int i = 1; i < NSIG; ++i) {
    struct sigaction action;
    if (i == 32 || i == 33 || sigaction(i, NULL, &action) != 0) continue;
    REQUIRE(action.sa_handler == SIG_DFL || action.sa_handler == SIG_IGN);
    REQUIRE(sigismember(&mask, i) == 0);
  }
  sigemptyset(&mask);
  sigaddset(&mask, SIGUSR1);
  sigaddset(&mask, SIGTERM);
  REQUIRE(sigprocmask(SIG_BLOCK, &mask, NULL) == 0);
  Leak();
  kill(getpid(), SIGUSR1);
  kill(getpid(), SIGTERM);
  nanosleep(&(struct timespec){.tv_sec = 0, .tv_nsec = 100000000}, NULL);
  sigset_t pending;
  REQUIRE(sigpending(&pending) == 0 && sigismember(&pending, SIGUSR1) == 1 &&
          sigismember(&pending, SIGTERM) == 1);
  return 0;
}
