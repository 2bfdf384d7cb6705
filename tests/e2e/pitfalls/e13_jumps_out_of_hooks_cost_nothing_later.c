// SPDX-License-Identifier: Apache-2.0
// Handlers leave by siglongjmp whatever they interrupt: a malloc, a free, an mmap or a munmap, in
// the middle of our hooks, 4,000 times. Afterwards the thread records again at once, both heap and
// mappings. glibc's own malloc breaks if it is left like that, hence interruptible_allocator.c.
// EXPECT: end exited
// EXPECT: live LeakAfterwards 3 objects 4233 bytes
// EXPECT: live MapAfterwards 2 objects 40960 bytes
// EXPECT: losses allowed
#include <setjmp.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/time.h>

#include "program.h"

enum { kJumps = 4000 };

static sigjmp_buf again;
static volatile sig_atomic_t armed, jumps;

static void Jump(int signal_number) {
  (void)signal_number;
  if (!armed) return;
  ++jumps;
  siglongjmp(again, 1);
}

NOINLINE static void Churn(void) {
  for (;;) {
    void* memory = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory != MAP_FAILED) munmap(Escape(memory), 8192);
    for (int i = 0; i < 8; ++i) free(Escape(malloc(64)));
  }
}

NOINLINE static void LeakAfterwards(void) {
  for (int i = 0; i < 3; ++i) Escape(malloc(1411));
}

NOINLINE static void MapAfterwards(void) {
  for (int i = 0; i < 2; ++i) {
    Escape(mmap(NULL, 20480, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
  }
}

int main(void) {
  struct sigaction action = {.sa_handler = Jump, .sa_flags = SA_NODEFER};
  REQUIRE(sigaction(SIGALRM, &action, NULL) == 0);
  const struct itimerval each = {{0, 50}, {0, 50}}, never = {{0, 0}, {0, 0}};
  REQUIRE(setitimer(ITIMER_REAL, &each, NULL) == 0);
  sigsetjmp(again, 1);
  armed = 1;
  if (jumps < kJumps) Churn();
  armed = 0;
  REQUIRE(setitimer(ITIMER_REAL, &never, NULL) == 0);
  LeakAfterwards();
  MapAfterwards();
  return 0;
}
