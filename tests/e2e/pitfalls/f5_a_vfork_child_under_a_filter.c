// SPDX-License-Identifier: Apache-2.0
// Under a filter nobody may ask for a pid. A vfork child that fails to exec and leaves by _exit
// ends its own life, not the run of its parent, which is killed later. The same for a vfork child
// of a vfork child, and for one that is killed.
// EXPECT: status SIGKILL
// EXPECT: end killed
// EXPECT: live LeakAfter 5 objects 6035 bytes
// CASE: fails_to_exec
// CASE: nested
// CASE: killed
// CASE: forks
// CASE: cloned
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "program.h"

NOINLINE static void LeakAfter(void) {
  for (int i = 0; i < 5; ++i) Escape(malloc(1207));
}

static void WaitFor(pid_t child, int expected) {
  int status = 0;
  REQUIRE(child > 0 && waitpid(child, &status, 0) == child && status == expected);
}

static _Noreturn void FailToExec(void) {
  execlp("/nonexistent", "x", (char*)NULL);
  _exit(127);
}

static void VforkChild(const char* what) {
  if (strcmp(what, "killed") == 0) kill(getpid(), SIGKILL);
  if (strcmp(what, "forks") == 0) {
    const pid_t child = fork();
    if (child == 0) _exit(0);
    WaitFor(child, 0);
  }
  if (strcmp(what, "nested") == 0) {
    const pid_t child = vfork();
    if (child == 0) FailToExec();
    WaitFor(child, 127 << 8);
  }
  FailToExec();
}

static int ClonedChild(void* unused) {
  (void)unused;
  FailToExec();
}

static pid_t Clone(void) {
  static char stack[64 * 1024] __attribute__((aligned(16)));
  return clone(ClonedChild, stack + sizeof stack, CLONE_VM | CLONE_VFORK | SIGCHLD, NULL);
}

int main(int argc, char** argv) {
  struct sock_filter rules[] = {BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
  struct sock_fprog program = {1, rules};
  const char* what = argc > 1 ? argv[1] : "";
  REQUIRE(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
  REQUIRE(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) == 0);
  const pid_t child = strcmp(what, "cloned") == 0 ? Clone() : vfork();
  if (child == 0) VforkChild(what);
  WaitFor(child, strcmp(what, "killed") == 0 ? SIGKILL : 127 << 8);
  LeakAfter();
  kill(getpid(), SIGKILL);
  return 0;
}
