// SPDX-License-Identifier: Apache-2.0
// exec ends a run without any exit handler. The capture of that run stays and says so, and the new
// program has a capture of its own.
// EXPECT: end exec
// EXPECT: live BeforeExec 3 objects 2997 bytes
// EXPECT: absent AfterExec
// EXPECT-CHILD: end exited
// EXPECT-CHILD: live AfterExec 2 objects 442 bytes
// EXPECT-CHILD: absent BeforeExec
#include "program.h"

NOINLINE static void BeforeExec(void) { Escape(malloc(999)); }
NOINLINE static void AfterExec(void) { Escape(malloc(221)); }

int main(int argc, char** argv) {
  if (argc > 1) {
    for (int i = 0; i < 2; ++i) AfterExec();
    return 0;
  }
  for (int i = 0; i < 3; ++i) BeforeExec();
  char* arguments[] = {argv[0], (char*)"again", NULL};
  execv("/proc/self/exe", arguments);
  Fail("execv");
}
