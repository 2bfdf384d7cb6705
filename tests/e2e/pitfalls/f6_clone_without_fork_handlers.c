// SPDX-License-Identifier: Apache-2.0
// The clone system call itself, as sandboxes and runtimes make it: no fork handler runs, and libc
// does not know.
// EXPECT: end exited
// EXPECT: live Leak 6 objects 3606 bytes
// EXPECT: absent LeakInChild
// EXPECT-CHILD: live LeakInChild 4 objects 2932 bytes
// EXPECT-CHILD: absent Leak
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "program.h"

NOINLINE static void* Leak(void) { return Escape(malloc(601)); }
NOINLINE static void LeakInChild(void) { Escape(malloc(733)); }

int main(void) {
  void* inherited = Leak();
  for (int i = 0; i < 4; ++i) Leak();
  const long child = syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
  REQUIRE(child >= 0);
  if (child == 0) {
    for (int i = 0; i < 4; ++i) LeakInChild();
    free(inherited);
    _exit(0);
  }
  int status;
  REQUIRE(waitpid((pid_t)child, &status, 0) == child && status == 0);
  Leak();
  return 0;
}
