// SPDX-License-Identifier: Apache-2.0
// The program's descriptor table is as it would be without us: the next descriptor is the lowest
// free one, none is open that the program has not opened, and an executed child inherits none of
// ours. This also holds after fork, after a failed exec, and in threads.
// EXPECT: end exited
// EXPECT: live Leak 2 objects 1202 bytes
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/wait.h>

#include "program.h"

NOINLINE static void Leak(void) { Escape(malloc(601)); }

// The highest descriptor that the harness gave us must stay the highest.
static int CountOpen(void) {
  int count = 0;
  for (int fd = 0; fd < 1024; ++fd) count += fcntl(fd, F_GETFD) != -1;
  return count;
}

static void RequireNoneOfOurs(void) {
  for (int fd = 0; fd < 1024; ++fd) {
    char link[64];
    char target[4096];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    const ssize_t length = readlink(link, target, sizeof target - 1);
    if (length < 0) continue;
    target[length] = 0;
    if (strstr(target, ".ltk") != NULL || strstr(target, ".ltr") != NULL ||
        strstr(target, "/proc/") != NULL)
      Fail(target);
  }
}

static void* Check(void* expected) {
  Leak();
  RequireNoneOfOurs();
  REQUIRE(CountOpen() == *(int*)expected);
  return NULL;
}

int main(int argc, char** argv) {
  RequireNoneOfOurs();
  const int open_now = CountOpen();
  if (argc > 1) return open_now == atoi(argv[1]) ? 0 : 98;
  const int next = open("/dev/null", O_RDONLY);
  for (int fd = 0; fd < next; ++fd) REQUIRE(fcntl(fd, F_GETFD) != -1);
  close(next);
  int expected = open_now;
  Check(&expected);
  pthread_t thread;
  REQUIRE(pthread_create(&thread, NULL, Check, &expected) == 0);
  pthread_join(thread, NULL);
  execl("/no/such/program", "none", (char*)NULL);
  REQUIRE(CountOpen() == open_now);
  const pid_t child = fork();
  if (child == 0) {
    char number[16];
    free(Escape(malloc(100)));
    snprintf(number, sizeof number, "%d", open_now);
    REQUIRE(CountOpen() == open_now);
    execl("/proc/self/exe", argv[0], number, (char*)NULL);
    _exit(97);
  }
  int status;
  REQUIRE(waitpid(child, &status, 0) == child && status == 0);
  return 0;
}
