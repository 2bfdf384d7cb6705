// SPDX-License-Identifier: Apache-2.0
// A timer's handler switches between two coroutines wherever they are, also in the middle of our
// hooks: 2,000 times to the other one, which goes on allocating. Nothing crashes or hangs, and when
// both have ended the thread records again. Each coroutine uses a size of its own, because glibc
// has a cache per size and breaks by itself if two coroutines of a thread meet in one.
// EXPECT: end exited
// EXPECT: live LeakAfterwards 3 objects 5901 bytes
// EXPECT: losses allowed
#include <signal.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <ucontext.h>

#include "program.h"

static const size_t kSizes[2] = {400, 1000};

enum { kStack = 65536, kSwitches = 2000 };

static ucontext_t both[2], back;
static sigset_t timer_signal;
static volatile sig_atomic_t running, switches, finished[2];

NOINLINE static void LeakAfterwards(void) {
  for (int i = 0; i < 3; ++i) Escape(malloc(1967));
}

// The timer starts inside a coroutine: a switch away from main would lose main. And each coroutine
// unblocks its signal itself, on its own stack. If its context did, swapcontext would unblock it
// while still on the other stack. A pending signal would then save that stack over the coroutine
// that was about to begin.
NOINLINE static void Churn(int number) {
  const struct itimerval each = {{0, 100}, {0, 100}};
  if (number == 0) REQUIRE(setitimer(ITIMER_REAL, &each, NULL) == 0);
  REQUIRE(pthread_sigmask(SIG_UNBLOCK, &timer_signal, NULL) == 0);
  while (switches < kSwitches) {
    free(Escape(malloc(kSizes[number])));
    void* memory = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    munmap(Escape(memory), 4096);
  }
  finished[number] = 1;
}

static void Switch(int signal_number) {
  (void)signal_number;
  if (switches >= kSwitches) return;
  ++switches;
  const int from = running;
  running = 1 - from;
  swapcontext(&both[from], &both[running]);
}

int main(void) {
  const struct itimerval never = {{0, 0}, {0, 0}};
  struct sigaction action = {.sa_handler = Switch, .sa_flags = SA_RESTART};
  REQUIRE(sigaction(SIGALRM, &action, NULL) == 0);
  sigemptyset(&timer_signal);
  sigaddset(&timer_signal, SIGALRM);
  for (int i = 0; i < 2; ++i) {
    REQUIRE(getcontext(&both[i]) == 0);
    both[i].uc_stack.ss_sp =
        mmap(NULL, kStack, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    both[i].uc_stack.ss_size = kStack;
    both[i].uc_link = &back;
    both[i].uc_sigmask = timer_signal;
    makecontext(&both[i], (void (*)(void))Churn, 1, i);
  }
  for (int i = 0; i < 2; ++i) free(Escape(malloc(kSizes[i])));  // now each cache has its block
  for (int i = 0; i < 2; ++i) {
    running = i;
    while (!finished[i]) REQUIRE(swapcontext(&back, &both[i]) == 0);
  }
  REQUIRE(setitimer(ITIMER_REAL, &never, NULL) == 0);
  LeakAfterwards();
  return 0;
}
