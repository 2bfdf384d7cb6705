// SPDX-License-Identifier: Apache-2.0
// A timer's handler forks wherever it strikes. Every block is recorded, so that is mostly inside
// our hooks. The child returns from the handler, finishes what was interrupted, and ends. The
// parent's accounts must not change. The helper thread is off: with it, fork takes libc's locks,
// and a handler that interrupted malloc would wait for itself.
// ENV: LEAKTRACK_THREAD=0
// EXPECT: end exited
// EXPECT: absent Churn
// EXPECT: live Leak 60 objects 274020 bytes
#include <signal.h>
#include <sys/time.h>
#include <sys/wait.h>

#include "program.h"

enum { kForks = 60 };

static volatile sig_atomic_t is_child, forks, failed;

// The interrupted call is the last one of a child. The next call would start a run of its own.
static void EndChild(void) {
  if (is_child) _exit(0);
}

NOINLINE static void Churn(void) {
  void* first = Escape(malloc(257));
  EndChild();
  first = Escape(realloc(first, 5000));
  EndChild();
  void* second = Escape(calloc(3, 100));
  EndChild();
  free(second);
  EndChild();
  free(first);
  EndChild();
}
NOINLINE static void Leak(void) { Escape(malloc(4567)); }

static void OnTimer(int signal_number) {
  (void)signal_number;
  if (is_child) return;
  const pid_t child = fork();
  if (child == 0) {
    is_child = 1;
    alarm(30);
    return;
  }
  int status = 0;
  if (child < 0 || waitpid(child, &status, 0) != child || status != 0) failed = 1;
  ++forks;
}

int main(void) {
  struct sigaction action = {.sa_handler = OnTimer, .sa_flags = SA_RESTART};
  REQUIRE(sigaction(SIGPROF, &action, NULL) == 0);
  for (int round = 0; round < kForks; ++round) {
    const int before = forks;
    // One shot of the profiling clock: it strikes while the program computes, never while it waits.
    const struct itimerval soon = {.it_value = {.tv_usec = 1 + round * 7 % 500}};
    REQUIRE(setitimer(ITIMER_PROF, &soon, NULL) == 0);
    while (forks == before) Churn();
    Leak();
  }
  REQUIRE(!failed);
  return 0;
}
