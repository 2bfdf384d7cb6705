// SPDX-License-Identifier: Apache-2.0
// Handlers of pthread_atfork allocate and free on all three sides, before or after the handlers of
// another library.
// EXPECT: end exited
// EXPECT: live InPrepare 10 objects 3310 bytes
// EXPECT: live InParent 10 objects 4410 bytes
// EXPECT: absent InChild
// EXPECT-CHILD: live InChild 1 objects 551 bytes
// EXPECT-CHILD: absent InParent
#include <sys/wait.h>

#include "program.h"

static void* from_before;

NOINLINE static void InPrepare(void) { from_before = Escape(malloc(331)); }
NOINLINE static void InParent(void) { Escape(malloc(441)); }
NOINLINE static void InChild(void) {
  free(from_before);
  Escape(malloc(551));
}

int main(void) {
  REQUIRE(pthread_atfork(InPrepare, InParent, InChild) == 0);
  for (int i = 0; i < 10; ++i) {
    const pid_t child = fork();
    REQUIRE(child >= 0);
    if (child == 0) return 0;
    int status;
    REQUIRE(waitpid(child, &status, 0) == child && status == 0);
  }
  return 0;
}
