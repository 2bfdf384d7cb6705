// SPDX-License-Identifier: Apache-2.0
// Parent and child are each the first process of their pid namespace. A fork child has a run of its
// own although its pid equals its parent's. A child that clone made in the parent's memory does not
// end the parent's run. If namespaces are not available, neither is the same pid, and the test
// shows nothing.
// EXPECT: end exited
// EXPECT: live LeakInOne 5 objects 5045 bytes
// EXPECT-CHILD: end exited
// EXPECT-CHILD: live LeakInOther 3 objects 6621 bytes
#include <sched.h>
#include <signal.h>
#include <sys/wait.h>

#include "program.h"

NOINLINE static void LeakInOne(void) {
  for (int i = 0; i < 5; ++i) Escape(malloc(1009));
}
NOINLINE static void LeakInOther(void) {
  for (int i = 0; i < 3; ++i) Escape(malloc(2207));
}

static int EndAtOnce(void* unused) {
  (void)unused;
  REQUIRE(getpid() == 1);
  _exit(0);
}

static void WaitFor(pid_t child) {
  int status = 0;
  REQUIRE(child > 0 && waitpid(child, &status, __WALL) == child && status == 0);
}

static void Other(void) {
  REQUIRE(getpid() == 1);
  LeakInOther();
  exit(0);
}

static void One(int can) {
  static char stack[64 * 1024] __attribute__((aligned(16)));
  Escape(malloc(10));  // starts a run
  if (can) {
    REQUIRE(getpid() == 1);
    WaitFor(clone(EndAtOnce, stack + sizeof stack, CLONE_VM | CLONE_VFORK | CLONE_NEWPID | SIGCHLD,
                  NULL));
    REQUIRE(unshare(CLONE_NEWPID) == 0);
  }
  const pid_t other = fork();
  if (other == 0 && can) Other();
  if (other == 0) {
    LeakInOther();
    exit(0);
  }
  WaitFor(other);
  LeakInOne();
  exit(0);
}

int main(void) {
  const int can = unshare(CLONE_NEWPID) == 0 || unshare(CLONE_NEWUSER | CLONE_NEWPID) == 0;
  const pid_t one = fork();
  if (one == 0) One(can);
  WaitFor(one);
  return 0;
}
