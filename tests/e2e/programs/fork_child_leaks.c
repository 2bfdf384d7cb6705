// SPDX-License-Identifier: Apache-2.0
// A fork child has a run of its own. What it leaks does not belong to the parent, and what it frees
// of the parent's memory stays alive in the parent.
// EXPECT: end exited
// EXPECT: live ParentLeaks 6 objects 3006 bytes
// EXPECT: absent ChildLeaks
// EXPECT-CHILD: end exited
// EXPECT-CHILD: live ChildLeaks 4 objects 2932 bytes
// EXPECT-CHILD: absent ParentLeaks
#include <sys/wait.h>

#include "program.h"

NOINLINE static void* ParentLeaks(void) { return Escape(malloc(501)); }
NOINLINE static void* ChildLeaks(void) { return Escape(malloc(733)); }

int main(void) {
  void* inherited = ParentLeaks();
  for (int i = 0; i < 4; ++i) ParentLeaks();
  const pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    for (int i = 0; i < 4; ++i) ChildLeaks();
    free(inherited);
    return 0;
  }
  int status;
  REQUIRE(waitpid(child, &status, 0) == child);
  REQUIRE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  ParentLeaks();
  return 0;
}
