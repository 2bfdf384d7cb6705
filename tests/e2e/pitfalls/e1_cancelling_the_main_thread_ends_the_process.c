// SPDX-License-Identifier: Apache-2.0
// The main thread is cancelled, by another thread or by itself, or leaves by a bare system call: the process ends when its
// last thread does, as it would without our helper thread, what it has buffered is written, and the capture is complete.
// EXPECT: live Leak 5 objects 3025 bytes
// EXPECT: end exited
// CASE: by_other
// CASE: by_itself
// CASE: bare_exit
// CASE: not_after_all
// EXPECT: status 9
#include <stdio.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "program.h"

static pthread_t main_thread;

NOINLINE static void Leak(void) {
  for (int i = 0; i < 5; ++i) Escape(malloc(605));
}

static void* CancelMain(void* unused) {
  REQUIRE(pthread_cancel(main_thread) == 0);
  return unused;
}

// Runs in exit(), after all threads of the program: its words are in a buffer of stdio until then.
static void SayAtExit(void) { printf("buffered"); }

int main(int argc, char** argv) {
  const char* way = argc > 1 ? argv[1] : "by_itself";
  REQUIRE(freopen("own-output", "w", stdout) != NULL);
  atexit(SayAtExit);
  main_thread = pthread_self();
  Leak();
  if (strcmp(way, "bare_exit") == 0) syscall(SYS_exit, 0);
  if (strcmp(way, "by_itself") == 0) {
    REQUIRE(pthread_cancel(main_thread) == 0);
    pthread_testcancel();
  }
  pthread_t thread;
  if (strcmp(way, "not_after_all") == 0) pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL);
  REQUIRE(pthread_create(&thread, NULL, CancelMain, NULL) == 0);
  if (strcmp(way, "not_after_all") == 0) {
    pthread_join(thread, NULL);
    return 9;
  }
  for (;;) pause();
}
