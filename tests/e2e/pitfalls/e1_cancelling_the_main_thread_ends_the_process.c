// SPDX-License-Identifier: Apache-2.0
// The main thread is cancelled, by another thread or by itself, or leaves by a bare system call.
// The process ends when its last thread does, as it would without our helper thread. Its buffered
// output is written, and the capture is complete. Each case starts itself again and examines what
// that process has written.
// EXPECT-CHILD: live Leak 5 objects 3025 bytes
// EXPECT-CHILD: end exited
// CASE: by_other
// CASE: by_itself
// CASE: bare_exit
// CASE: not_after_all
#include <spawn.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "program.h"

static pthread_t main_thread;

NOINLINE static void Leak(void) {
  for (int i = 0; i < 5; ++i) Escape(malloc(605));
}

static void* CancelMain(void* unused) {
  REQUIRE(pthread_cancel(main_thread) == 0);
  return unused;
}

// Runs in exit(), after all threads of the program. Until then its output is in a buffer of stdio.
static void SayAtExit(void) { printf("ended"); }

NOINLINE static void EndIn(const char* way) {
  pthread_t thread;
  if (strcmp(way, "bare_exit") == 0) {
    fflush(stdout);
    syscall(SYS_exit, 0);
  }
  if (strcmp(way, "by_itself") == 0) {
    REQUIRE(pthread_cancel(main_thread) == 0);
    pthread_testcancel();
  }
  if (strcmp(way, "not_after_all") == 0) pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL);
  REQUIRE(pthread_create(&thread, NULL, CancelMain, NULL) == 0);
  if (strcmp(way, "not_after_all") == 0) {
    pthread_join(thread, NULL);
    exit(0);
  }
  for (;;) pause();
}

static void StartAnew(const char* program, const char* way) {
  extern char** environ;
  char text[16] = "";
  pid_t child;
  int status = 0;
  REQUIRE(posix_spawn(&child, program, NULL, NULL,
                      (char*[]){(char*)program, (char*)way, (char*)"child", NULL}, environ) == 0);
  REQUIRE(waitpid(child, &status, 0) == child && status == 0);
  FILE* output = fopen("own-output", "r");
  REQUIRE(output != NULL && fgets(text, sizeof text, output) != NULL);
  REQUIRE(strcmp(text, strcmp(way, "bare_exit") == 0 ? "begun " : "begun ended") == 0);
}

int main(int argc, char** argv) {
  if (argc == 2) {
    StartAnew(argv[0], argv[1]);
    return 0;
  }
  REQUIRE(argc == 3 && freopen("own-output", "w", stdout) != NULL);
  atexit(SayAtExit);
  main_thread = pthread_self();
  Leak();
  printf("begun ");
  EndIn(argv[1]);
}
