// SPDX-License-Identifier: Apache-2.0
// 10,000 threads, eight at a time; every hundredth leaks one block. No memory of ours may grow with
// threads that have ended.
// EXPECT: end exited
// EXPECT: live LeakOne 100 objects 2300 bytes
// EXPECT: absent Clean
#include "program.h"

enum { kThreads = 10000, kAtOnce = 8 };

NOINLINE static void LeakOne(void) { Escape(malloc(23)); }
NOINLINE static void Clean(void) {
  void* first = Escape(malloc(100));
  void* second = Escape(calloc(3, 70));
  free(first);
  free(second);
}

static void* Work(void* number) {
  Clean();
  if ((size_t)number % 100 == 0) LeakOne();
  return NULL;
}

int main(void) {
  pthread_t threads[kAtOnce];
  for (size_t i = 0; i < kThreads; i += kAtOnce) {
    for (size_t j = 0; j < kAtOnce; ++j)
      REQUIRE(pthread_create(&threads[j], NULL, Work, (void*)(i + j)) == 0);
    for (size_t j = 0; j < kAtOnce; ++j) pthread_join(threads[j], NULL);
  }
  return 0;
}
