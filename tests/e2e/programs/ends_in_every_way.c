// SPDX-License-Identifier: Apache-2.0
// A program has many ways to end. Each leaves a complete capture that says how the program ended.
// EXPECT: live Leak 5 objects 3005 bytes
// CASE: return
// EXPECT: end exited
// EXPECT: status 3
// CASE: exit
// EXPECT: end exited
// EXPECT: status 4
// CASE: exit_in_thread
// EXPECT: end exited
// EXPECT: status 5
// CASE: _exit
// EXPECT: end exited
// EXPECT: status 6
// CASE: _Exit
// EXPECT: end exited
// EXPECT: status 9
// CASE: quick_exit
// EXPECT: end exited
// EXPECT: status 7
// CASE: main_pthread_exit
// EXPECT: end exited
// EXPECT: status 8
// CASE: last_thread_pthread_exit
// EXPECT: status 0
// CASE: last_thread_thrd_exit
// EXPECT: status 0
// CASE: abort
// EXPECT: end crashed
// EXPECT: status SIGABRT
// CASE: segv
// EXPECT: end crashed|killed
// EXPECT: status SIGSEGV
// CASE: sigterm
// EXPECT: end killed
// EXPECT: status SIGTERM
#include <signal.h>
#include <sys/resource.h>
#include <threads.h>

#include "program.h"

NOINLINE static void Leak(void) {
  for (int i = 0; i < 5; ++i) Escape(malloc(601));
}

static void* ExitFive(void* unused) {
  (void)unused;
  exit(5);
}

// The main thread is a zombie when this thread ends the program.
static void* ExitEight(void* main_thread) {
  pthread_join(*(pthread_t*)main_thread, NULL);
  exit(8);
}

static void* JustEnd(void* unused) { return unused; }

int main(int argc, char** argv) {
  const char* way = argc > 1 ? argv[1] : "return";
  static pthread_t main_thread;
  pthread_t thread;
  const struct rlimit no_core = {0, 0};
  setrlimit(RLIMIT_CORE, &no_core);
  main_thread = pthread_self();
  Leak();
  if (strcmp(way, "return") == 0) return 3;
  if (strcmp(way, "exit") == 0) exit(4);
  if (strcmp(way, "exit_in_thread") == 0) {
    REQUIRE(pthread_create(&thread, NULL, ExitFive, NULL) == 0);
    pthread_join(thread, NULL);
  }
  if (strcmp(way, "_exit") == 0) _exit(6);
  if (strcmp(way, "_Exit") == 0) _Exit(9);
  if (strcmp(way, "quick_exit") == 0) quick_exit(7);
  if (strcmp(way, "main_pthread_exit") == 0) {
    REQUIRE(pthread_create(&thread, NULL, ExitEight, &main_thread) == 0);
    pthread_exit(NULL);
  }
  if (strcmp(way, "last_thread_pthread_exit") == 0) {
    REQUIRE(pthread_create(&thread, NULL, JustEnd, NULL) == 0);
    pthread_join(thread, NULL);
    pthread_exit(NULL);
  }
  if (strcmp(way, "last_thread_thrd_exit") == 0) thrd_exit(0);
  if (strcmp(way, "abort") == 0) abort();
  if (strcmp(way, "segv") == 0) *(volatile int*)8 = 1;
  if (strcmp(way, "sigterm") == 0) kill(getpid(), SIGTERM);
  Fail("no such way");
}
