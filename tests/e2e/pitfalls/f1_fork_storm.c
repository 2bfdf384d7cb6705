// SPDX-License-Identifier: Apache-2.0
// Thirty-two threads allocate, with every block recorded, while two others fork. Each child
// allocates, frees what it inherited, and ends. No lock, ring or table of a thread that is gone may
// stop it. The long form: an argument gives the forks of each of the two.
// EXPECT: end exited
// EXPECT: absent Churn
// EXPECT: live Leak 1 objects 4567 bytes
// EXPECT: losses allowed
#include <stdatomic.h>
#include <stdio.h>
#include <sys/wait.h>

#include "program.h"

enum { kThreads = 32, kInherited = 50 };

static atomic_int stop;
static int forks_of_each = 15;
static char* inherited[kInherited];

NOINLINE static void Churn(void) { free(Escape(malloc(257))); }
NOINLINE static void Leak(void) { Escape(malloc(4567)); }

static void* Allocate(void* unused) {
  while (!atomic_load(&stop)) {
    Churn();
    sched_yield();
  }
  return unused;
}

static void Child(int number) {
  alarm(30);  // a hang ends by SIGALRM, which the parent sees
  for (int i = 0; i < kInherited; ++i) free(inherited[i]);
  for (int i = 0; i < 20; ++i) Churn();
  if (number % 2 == 0) _exit(0);
  execl("/bin/true", "true", (char*)NULL);
  _exit(1);
}

static void* Fork(void* unused) {
  for (int i = 0; i < forks_of_each; ++i) {
    const pid_t child = fork();
    REQUIRE(child >= 0);
    if (child == 0) Child(i);
    int status;
    REQUIRE(waitpid(child, &status, 0) == child);
    REQUIRE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  }
  return unused;
}

int main(int argc, char** argv) {
  if (argc > 1) forks_of_each = atoi(argv[1]);
  pthread_t threads[kThreads], forkers[2];
  for (int i = 0; i < kInherited; ++i) inherited[i] = malloc(100);
  for (int i = 0; i < kThreads; ++i)
    REQUIRE(pthread_create(&threads[i], NULL, Allocate, NULL) == 0);
  for (int i = 0; i < 2; ++i) REQUIRE(pthread_create(&forkers[i], NULL, Fork, NULL) == 0);
  for (int i = 0; i < 2; ++i) pthread_join(forkers[i], NULL);
  atomic_store(&stop, 1);
  for (int i = 0; i < kThreads; ++i) pthread_join(threads[i], NULL);
  for (int i = 0; i < kInherited; ++i) free(inherited[i]);
  Leak();
  return 0;
}
