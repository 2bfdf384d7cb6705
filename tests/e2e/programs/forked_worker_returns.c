// SPDX-License-Identifier: Apache-2.0
// A thread that is not the main one forks. The child's only thread then returns from its thread
// function. The C library ends a process whose last thread returns, with status 0. Our helper must
// not count, or the child would hang for ever.
// EXPECT: live ParentLeaks 1 objects 1409 bytes
// EXPECT-CHILD: live ChildLeaks 2 objects 2846 bytes
// EXPECT-CHILD: end exited
#include <sys/wait.h>

#include "program.h"

NOINLINE static void ParentLeaks(void) { Escape(malloc(1409)); }
NOINLINE static void ChildLeaks(void) { Escape(malloc(1423)); }

static void* ForkAndReturn(void* unused) {
  const pid_t child = fork();
  if (child == 0) {
    for (int i = 0; i < 2; ++i) ChildLeaks();
    return unused;
  }
  int status = 1;
  REQUIRE(waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0);
  return unused;
}

int main(void) {
  pthread_t worker;
  ParentLeaks();
  REQUIRE(pthread_create(&worker, NULL, ForkAndReturn, NULL) == 0);
  pthread_join(worker, NULL);
  return 0;
}
