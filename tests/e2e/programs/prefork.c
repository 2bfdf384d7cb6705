// SPDX-License-Identifier: Apache-2.0
//
// A server that forks: three workers, each with a title over its arguments that is written after
// its first allocation. prefork_test.py runs it.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static void* kept[4];

__attribute__((noinline)) static void Keep(int i) { kept[i] = malloc(2003); }

// Like setproctitle: over all arguments, which lie one after another.
static void SetTitle(int count, char** arguments, const char* role, int number) {
  char* last = arguments[count - 1];
  const size_t room = (size_t)(last + strlen(last) - arguments[0]);
  memset(arguments[0], 0, room);
  snprintf(arguments[0], room, number < 0 ? "prefork: %s" : "prefork: %s %d", role, number);
}

int main(int count, char** arguments) {
  Keep(3);
  pid_t workers[3];
  for (int i = 0; i < 3; ++i) {
    workers[i] = fork();
    if (workers[i] != 0) continue;
    Keep(i);
    SetTitle(count, arguments, "worker process", 10 + i);
    usleep(2500000);
    return kept[i] == NULL;
  }
  SetTitle(count, arguments, "master process", -1);
  for (int i = 0; i < 3; ++i) waitpid(workers[i], NULL, 0);
  return 0;
}
