// SPDX-License-Identifier: Apache-2.0
// A thread with a pending cancellation allocates, maps and even forks a child, which runs to its
// end. None of our calls is a cancellation point. Then the thread is cancelled where it asks for
// it.
// EXPECT: end exited
// EXPECT: live Leak 1 objects 1811 bytes
#include <sys/mman.h>

#include "program.h"

static volatile int reached;

NOINLINE static void Leak(void) { Escape(malloc(1811)); }

static void* Work(void* unused) {
  REQUIRE(pthread_cancel(pthread_self()) == 0);
  for (int i = 0; i < 20000; ++i) {
    free(Escape(malloc(400)));
    if (i % 50 != 0) continue;
    void* memory = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    munmap(Escape(memory), 8192);
  }
  Leak();
  reached = 1;
  pthread_testcancel();
  Fail("not cancelled");
  return unused;
}

int main(void) {
  pthread_t thread;
  void* result;
  REQUIRE(pthread_create(&thread, NULL, Work, NULL) == 0);
  REQUIRE(pthread_join(thread, &result) == 0 && result == PTHREAD_CANCELED && reached);
  return 0;
}
