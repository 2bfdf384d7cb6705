/* SPDX-License-Identifier: Apache-2.0
 *
 * For start_test.py: runs PROGRAM with LIBRARY preloaded, and kills it when its first thread enters
 * its N-th system call.
 *
 *     killed_at_call N LIBRARY PROGRAM
 *
 * Prints the pid. Status 0: killed; 3: it had ended before.
 */
#include <signal.h>
#include <stdio.h>
#include <sys/ptrace.h>
#include <sys/wait.h>

#include "program.h"

static int StopsAgain(pid_t child) {
  int status;
  REQUIRE(waitpid(child, &status, 0) == child);
  return WIFSTOPPED(status);
}

int main(int argc, char** argv) {
  REQUIRE(argc == 4);
  const pid_t child = fork();
  if (child == 0) {
    REQUIRE(ptrace(PTRACE_TRACEME, 0, NULL, NULL) == 0);
    REQUIRE(setenv("LD_PRELOAD", argv[2], 1) == 0);
    execl(argv[3], argv[3], NULL);
    Fail("cannot be executed");
  }
  printf("%d\n", child);
  REQUIRE(fflush(stdout) == 0 && StopsAgain(child));             /* at exec */
  for (long stops = 2 * atol(argv[1]) - 1; stops > 0; --stops) { /* a call stops it twice */
    REQUIRE(ptrace(PTRACE_SYSCALL, child, NULL, NULL) == 0);
    if (!StopsAgain(child)) return 3;
  }
  REQUIRE(kill(child, SIGKILL) == 0);
  return StopsAgain(child) ? 99 : 0;
}
