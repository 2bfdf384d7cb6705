// SPDX-License-Identifier: Apache-2.0
// A child puts itself under a filter that kills for everything that it does not need, before it has
// recorded anything, and allocates. It lives, in whatever way it got its filter and whatever
// process it is a child of. So does a program that has its filter before our constructor.
// EXPECT: live LeakInParent 1 objects 4567 bytes
// EXPECT: end exited
// CASE: prctl
// CASE: seccomp
// CASE: syscall_of_prctl
// CASE: strict
// CASE: refused_first
// CASE: grandchild
// CASE: threads
// CASE: vfork
// CASE: vfork_of_a_child
// CASE: early
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <spawn.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "program.h"

#define ALLOW(number) \
  BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 1), BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)

static struct sock_filter rules[] = {
    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
    ALLOW(SYS_exit),
    ALLOW(SYS_exit_group),
    ALLOW(SYS_write),
    ALLOW(SYS_execve),
    ALLOW(SYS_futex),
    ALLOW(SYS_wait4),
    ALLOW(SYS_read),
    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
};
static struct sock_fprog filter = {sizeof rules / sizeof *rules, rules};
static struct Handshake thread_begun, filtered;

NOINLINE static void LeakInParent(void) { Escape(malloc(4567)); }

// Small enough for the free part of the heap, so the kernel is not asked.
static void Allocate(void) {
  for (int i = 0; i < 200; ++i) REQUIRE(Escape(malloc(1000)) != NULL);
}

static void Install(const char* way) {
  REQUIRE(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
  if (strcmp(way, "strict") == 0) {
    REQUIRE(prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT, 0, 0, 0) == 0);
  } else if (strcmp(way, "seccomp") == 0) {
    REQUIRE(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &filter) == 0);
  } else if (strcmp(way, "syscall_of_prctl") == 0) {
    REQUIRE(syscall(SYS_prctl, PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter, 0, 0) == 0);
  } else {
    REQUIRE(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter, 0, 0) == 0);
  }
}

static void* InstallForAll(void* unused) {
  HandshakeWait(&thread_begun);
  REQUIRE(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
  REQUIRE(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &filter) == 0);
  HandshakeTell(&filtered);
  for (;;) syscall(SYS_futex, &unused, 0, 0, NULL, NULL, 0);
  return unused;
}

static void WaitForThreadsFilter(void) {
  pthread_t thread;
  REQUIRE(pthread_create(&thread, NULL, InstallForAll, NULL) == 0);
  HandshakeTell(&thread_begun);  // pthread_create needs no more system calls
  HandshakeWait(&filtered);
}

static void WaitFor(pid_t child, int expected) {
  int status = 0;
  REQUIRE(child > 0 && waitpid(child, &status, 0) == child && WIFEXITED(status) &&
          WEXITSTATUS(status) == expected);
}

static void FilteredVforkChild(void) {
  const pid_t child = vfork();
  if (child == 0) {
    Install("prctl");
    Allocate();
    execlp("/nonexistent", "x", (char*)NULL);
    Allocate();
    _exit(7);
  }
  WaitFor(child, 7);
}

static void Child(const char* way) {
  if (strcmp(way, "vfork_of_a_child") == 0) {
    FilteredVforkChild();
    _exit(0);
  }
  if (strcmp(way, "threads") == 0) {
    WaitForThreadsFilter();
  } else {
    if (strcmp(way, "refused_first") == 0)
      REQUIRE(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, NULL) == -1);
    Install(way);
  }
  Allocate();
  syscall(strcmp(way, "strict") == 0 ? SYS_exit : SYS_exit_group, 0);
}

// The filter comes first. Everything else happens in its child.
static void GrandChild(void) {
  rules[sizeof rules / sizeof *rules - 1].k = SECCOMP_RET_ALLOW;
  Install("prctl");
  const pid_t child = fork();
  if (child == 0) {
    rules[sizeof rules / sizeof *rules - 1].k = SECCOMP_RET_KILL_PROCESS;
    Install("prctl");
    Allocate();
    syscall(SYS_exit, 0);
  }
  WaitFor(child, 0);
  _exit(0);
}

static void BeforeConstructors(int argc, char** argv, char** environment) {
  (void)environment;
  if (argc == 3 && strcmp(argv[2], "child") == 0) Install("prctl");
}
__attribute__((section(".preinit_array"), used)) static void (*before)(int, char**,
                                                                       char**) = BeforeConstructors;

static void StartAnew(const char* program) {
  extern char** environ;
  pid_t child;
  REQUIRE(posix_spawn(&child, program, NULL, NULL,
                      (char*[]){(char*)program, "early", "child", NULL}, environ) == 0);
  WaitFor(child, 0);
}

int main(int argc, char** argv) {
  const char* way = argv[1];
  if (argc == 3) _exit(0);  // filtered by now
  void* blocks[400];
  for (int i = 0; i < 400; ++i) blocks[i] = Escape(malloc(1000));
  void* top = Escape(malloc(1000));  // keeps the heap from being given back
  for (int i = 0; i < 400; ++i) free(blocks[i]);
  HandshakeOpen(&filtered);
  HandshakeOpen(&thread_begun);
  if (strcmp(way, "early") == 0) {
    StartAnew(argv[0]);
  } else if (strcmp(way, "vfork") == 0) {
    FilteredVforkChild();
  } else {
    const pid_t child = fork();
    if (child == 0 && strcmp(way, "grandchild") == 0) GrandChild();
    if (child == 0) Child(way);
    WaitFor(child, 0);
  }
  LeakInParent();
  free(top);
  return 0;
}
