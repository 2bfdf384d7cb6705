// SPDX-License-Identifier: Apache-2.0
// Chromium's zygote ends itself if it has a second thread. So there must be no helper in a zygote
// and in what it forks.
// CASE: --type=zygote
// EXPECT: live LeakThrice 3 objects 4233 bytes
// EXPECT: end exited
// EXPECT-CHILD: live LeakInChild 2 objects 2822 bytes
// CASE: --type=renderer
// EXPECT: live LeakThrice 3 objects 4233 bytes
// EXPECT-CHILD: live LeakInChild 2 objects 2822 bytes
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "program.h"

static int Threads(void) {
  struct stat tasks;
  REQUIRE(stat("/proc/self/task", &tasks) == 0);
  return (int)tasks.st_nlink - 2;
}

NOINLINE static void LeakThrice(void) {
  for (int i = 0; i < 3; ++i) Escape(malloc(1411));
}

NOINLINE static void LeakInChild(void) {
  for (int i = 0; i < 2; ++i) Escape(malloc(1411));
}

int main(int argc, char** argv) {
  // 2 elsewhere: otherwise the zygote's 1 would prove nothing.
  const int expected = argc > 1 && strcmp(argv[1], "--type=zygote") == 0 ? 1 : 2;
  LeakThrice();
  REQUIRE(Threads() == expected);
  const pid_t child = fork();
  if (child == 0) {
    LeakInChild();
    REQUIRE(Threads() == expected);
    return 0;
  }
  int status = 1;
  REQUIRE(waitpid(child, &status, 0) == child && status == 0);
  return 0;
}
