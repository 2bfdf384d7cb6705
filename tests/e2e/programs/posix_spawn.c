// SPDX-License-Identifier: Apache-2.0
// posix_spawn (CLONE_VM, with file actions) from several threads at once leaves the parent's
// accounts correct.
// EXPECT: end exited
// EXPECT: live Leak 80 objects 9680 bytes
#include <spawn.h>
#include <sys/wait.h>

#include "program.h"

extern char** environ;

NOINLINE static void Leak(void) { Escape(malloc(121)); }

static void* Work(void* unused) {
  for (int i = 0; i < 20; ++i) {
    char* arguments[] = {(char*)"true", NULL};
    posix_spawn_file_actions_t actions;
    pid_t child;
    int status = 0;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", 0, 0);
    REQUIRE(posix_spawn(&child, "/bin/true", &actions, NULL, arguments, environ) == 0);
    posix_spawn_file_actions_destroy(&actions);
    Leak();
    REQUIRE(waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0);
  }
  return unused;
}

int main(void) {
  pthread_t threads[4];
  for (int i = 0; i < 4; ++i) REQUIRE(pthread_create(&threads[i], NULL, Work, NULL) == 0);
  for (int i = 0; i < 4; ++i) pthread_join(threads[i], NULL);
  return 0;
}
