// SPDX-License-Identifier: Apache-2.0
// A timer interrupts a thread that only allocates and frees, 10,000 times a second for half a
// second, wherever it is, also in the middle of our hooks. The handler allocates and frees too. The
// accounts must be right to the block: what a handler frees is settled, what it leaks inside one of
// our hooks is counted as not seen, and nothing crashes.
// EXPECT: end exited
// EXPECT: absent Churn
// EXPECT: live LeakAtEnd 2 objects 2606 bytes
#include <signal.h>
#include <stdatomic.h>
#include <sys/time.h>

#include "program.h"

static volatile sig_atomic_t handled;
static _Atomic(void*) handed[64];

NOINLINE static void Churn(void) { free(Escape(malloc(257))); }
NOINLINE static void LeakAtEnd(void) { Escape(malloc(1303)); }

// Frees what the thread has put down. So it removes blocks from inside the hook that it interrupts.
static void Handler(int signal_number) {
  Churn();
  free(atomic_exchange(&handed[(size_t)signal_number + (size_t)handled % 32], NULL));
  ++handled;
}

int main(void) {
  const struct itimerval each = {{0, 100}, {0, 100}}, never = {{0, 0}, {0, 0}};
  struct sigaction action = {.sa_handler = Handler, .sa_flags = SA_RESTART};
  REQUIRE(sigaction(SIGALRM, &action, NULL) == 0);
  REQUIRE(setitimer(ITIMER_REAL, &each, NULL) == 0);
  for (size_t i = 0; handled < 2500; ++i) {
    Churn();
    free(atomic_exchange(&handed[i % 64], malloc(123)));
  }
  REQUIRE(setitimer(ITIMER_REAL, &never, NULL) == 0);
  for (int i = 0; i < 64; ++i) free(atomic_exchange(&handed[i], NULL));
  LeakAtEnd();
  LeakAtEnd();
  return 0;
}
