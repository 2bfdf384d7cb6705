// SPDX-License-Identifier: Apache-2.0
// An auditor, in a namespace with a C library of its own, calls our hooks before any constructor of
// the program's namespace has run. They give the results of the real functions, and the program is
// tracked.
// EXPECT: end exited|exec
// EXPECT: live LeakOnce 1 objects 4567 bytes
// EXPECT-CHILD: end exited|exec
#include <grp.h>
#include <sched.h>
#include <sys/prctl.h>

#include "beside.h"
#include "program.h"

extern int capset(void* header, void* data);

NOINLINE static void LeakOnce(void) { Escape(malloc(4567)); }

// Bound at the start, like all calls of this program. The auditor sees the binding.
static void Bind(void) {
  REQUIRE(prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) >= 0 && unshare(0) == 0 && setns(-1, 0) == -1);
  REQUIRE(setuid(-1) == -1 && setgroups(-1, NULL) == -1 && capset(NULL, NULL) == -1);
  REQUIRE(execve("/nonexistent", (char*[]){NULL}, (char*[]){NULL}) == -1);
}

int main(int argc, char** argv) {
  if (argc == 1) {
    char auditor[PATH_MAX];
    PathBeside(argv[0], "calling_auditor.so", &auditor);
    REQUIRE(access(auditor, R_OK) == 0);
    setenv("LD_AUDIT", auditor, 1);
    execv("/proc/self/exe", (char*[]){argv[0], "again", NULL});
    Fail("exec");
  }
  Bind();
  LeakOnce();
  return 0;
}
