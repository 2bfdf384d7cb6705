// SPDX-License-Identifier: Apache-2.0
// A signal comes while a vfork child runs. It reaches the parent before vfork has returned there,
// and the handler leaves by siglongjmp: the thread is not taken for the child from then on. When it
// puts all threads under a filter, which our helper would not bear, there is no helper any more.
// EXPECT: end exited
// EXPECT: live LeakAfter 5 objects 6035 bytes
// CASE: vfork
// CASE: vfork_in_a_vfork_child
// CASE: clone
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "helper.h"

static sigjmp_buf back;

NOINLINE static void LeakAfter(void) {
  for (int i = 0; i < 5; ++i) Escape(malloc(1207));
}

static void JumpBack(int number) { siglongjmp(back, number); }

static int SignalParent(void* unused) {
  (void)unused;
  kill(getppid(), SIGUSR1);
  _exit(0);
}

static void VforkChild(const char* way) {
  if (strcmp(way, "vfork_in_a_vfork_child") == 0) {
    const pid_t child = vfork();
    if (child == 0) _exit(3);
    int status = 0;
    REQUIRE(child > 0 && waitpid(child, &status, 0) == child && status == 3 << 8);
  }
  SignalParent(NULL);
}

NOINLINE static void StartChild(const char* way) {
  static char stack[65536] __attribute__((aligned(16)));
  if (strcmp(way, "clone") == 0) {
    clone(SignalParent, stack + sizeof stack, CLONE_VM | CLONE_VFORK | SIGCHLD, NULL);
  } else if (vfork() == 0) {
    VforkChild(way);
  }
  Fail("no signal came before the child was over");
}

static void FilterAllThreads(void) {
  struct sock_filter rules[] = {BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
  struct sock_fprog program = {1, rules};
  REQUIRE(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
  REQUIRE(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &program) == 0);
}

int main(int argc, char** argv) {
  signal(SIGUSR1, JumpBack);
  if (sigsetjmp(back, 1) == 0) StartChild(argc > 1 ? argv[1] : "");
  int status = 0;
  REQUIRE(waitpid(-1, &status, __WALL) > 0 && status == 0);
  REQUIRE(HelperRuns());
  FilterAllThreads();
  REQUIRE(!HelperRuns());
  LeakAfter();
  return 0;
}
