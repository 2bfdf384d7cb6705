// SPDX-License-Identifier: Apache-2.0
// A vfork child runs on its parent's heap and stack until it execs. The parent's accounts stay
// correct.
// EXPECT: end exited
// EXPECT: live Leak 60 objects 7260 bytes
// EXPECT: live LeakInVforkChild 30 objects 3030 bytes
#include <sys/wait.h>

#include "program.h"

NOINLINE static void Leak(void) { Escape(malloc(121)); }
NOINLINE static void LeakInVforkChild(void) { Escape(malloc(101)); }

NOINLINE static void RunOne(void) {
  const pid_t child = vfork();
  if (child == 0) {
    LeakInVforkChild();  // it uses the parent's heap, so it is the parent's leak
    execl("/bin/true", "true", (char*)NULL);
    _exit(98);
  }
  int status = 0;
  REQUIRE(child > 0 && waitpid(child, &status, 0) == child);
  REQUIRE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

int main(void) {
  for (int i = 0; i < 30; ++i) {
    Leak();
    RunOne();
    Leak();
  }
  return 0;
}
