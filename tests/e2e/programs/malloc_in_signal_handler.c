// SPDX-License-Identifier: Apache-2.0
// A handler on a small alternate stack allocates and frees, 2,000 times, while another thread
// churns. The interrupted thread waits in the kernel, so malloc itself (which is not
// async-signal-safe) is never interrupted.
// EXPECT: end exited
// EXPECT: live LeakInHandler 20 objects 7820 bytes
// EXPECT: absent Churn
#include <semaphore.h>
#include <signal.h>

#include "program.h"

static sem_t handled;
static volatile int stop;
static int count;

NOINLINE static void LeakInHandler(void) { Escape(malloc(391)); }
NOINLINE static void Churn(void) { free(Escape(malloc(257))); }

static void Handler(int signal_number) {
  (void)signal_number;
  Churn();
  if (++count % 100 == 0) LeakInHandler();
  sem_post(&handled);
}

static void* Interrupted(void* unused) {
  // SIGSTKSZ would be 8 KiB, and AVX-512 state alone takes 3 KiB of it.
  static char small_stack[16384];
  const stack_t stack = {.ss_sp = small_stack, .ss_size = sizeof small_stack};
  REQUIRE(sigaltstack(&stack, NULL) == 0);
  sem_post(&handled);
  while (!stop) pause();
  return unused;
}

static void* Churner(void* unused) {
  while (!stop) Churn();
  return unused;
}

int main(void) {
  struct sigaction action = {.sa_handler = Handler, .sa_flags = SA_ONSTACK};
  pthread_t interrupted, churner;
  REQUIRE(sem_init(&handled, 0, 0) == 0);
  REQUIRE(sigaction(SIGUSR1, &action, NULL) == 0);
  REQUIRE(pthread_create(&interrupted, NULL, Interrupted, NULL) == 0);
  REQUIRE(pthread_create(&churner, NULL, Churner, NULL) == 0);
  sem_wait(&handled);
  for (int i = 0; i < 1999; ++i) {
    pthread_kill(interrupted, SIGUSR1);
    while (sem_wait(&handled) != 0) {
    }
  }
  stop = 1;
  pthread_kill(interrupted, SIGUSR1);
  pthread_join(interrupted, NULL);
  pthread_join(churner, NULL);
  return count == 2000 ? 0 : 1;
}
