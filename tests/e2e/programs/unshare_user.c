// SPDX-License-Identifier: Apache-2.0
// unshare(CLONE_NEWUSER) fails in a process with more than one thread. So ours must not be there
// during the call, and be back afterwards.
// EXPECT: end exited
// EXPECT: live LeakTwice 2 objects 2822 bytes
#include <sched.h>
#include <sys/wait.h>

#include "program.h"

NOINLINE static void LeakTwice(void) {
  for (int i = 0; i < 2; ++i) Escape(malloc(1411));
}

int main(void) {
  REQUIRE(unshare(CLONE_FS) == 0);
  if (unshare(CLONE_NEWUSER) != 0) {
    // Is it forbidden to everybody here? Then the same call without us decides: a forked child that
    // has not started a run has one thread.
    pid_t child = fork();
    if (child == 0) _exit(unshare(CLONE_NEWUSER) == 0 ? 1 : 0);
    int status = 0;
    REQUIRE(waitpid(child, &status, 0) == child && status == 0);
  }
  LeakTwice();
  return 0;
}
