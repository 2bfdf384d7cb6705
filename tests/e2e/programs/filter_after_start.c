// SPDX-License-Identifier: Apache-2.0
// The program puts itself under a seccomp filter that kills for every system call that the program
// itself does not need. It runs on. What it leaks afterwards is recorded, in the threads that
// existed and with complete stacks.
// EXPECT: end exited
// EXPECT: live LeakBehindFilter 5 objects 6035 bytes
// EXPECT: live main 5 objects 6035 bytes
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "program.h"

#define ALLOW(number) \
  BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 1), BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)

NOINLINE static void LeakBehindFilter(void) {
  for (int i = 0; i < 5; ++i) Escape(malloc(1207));
}

int main(void) {
  struct sock_filter rules[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
      ALLOW(SYS_exit_group),
      ALLOW(SYS_write),
      ALLOW(SYS_brk),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
  };
  struct sock_fprog program = {sizeof rules / sizeof *rules, rules};
  REQUIRE(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
  REQUIRE(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &program) == 0);
  LeakBehindFilter();
  return 0;
}
