// SPDX-License-Identifier: Apache-2.0
// If the program must have only one thread, the helper can be left out, also after a failed exec,
// and nothing is lost.
// ENV: LEAKTRACK_THREAD=0
// EXPECT: end exited
// EXPECT: live Leak 3 objects 5133 bytes
#include <sys/stat.h>
#include <unistd.h>

#include "program.h"

NOINLINE static void Leak(void) {
  for (int i = 0; i < 3; ++i) Escape(malloc(1711));
}

int main(void) {
  struct stat tasks;
  Leak();
  execl("/there/is/no/such/program", "none", (char*)0);
  REQUIRE(stat("/proc/self/task", &tasks) == 0 && tasks.st_nlink == 3);
  return 0;
}
