// SPDX-License-Identifier: Apache-2.0
// 16 threads grow and shrink blocks of similar sizes, so that the next thread gets at once what one
// realloc releases. No block may be taken for another, and none may be left over.
// EXPECT: end exited
// EXPECT: absent Grow
// EXPECT: live Keep 16 objects 28304 bytes
#include "program.h"

enum { kThreads = 16, kTimes = 3000 };

NOINLINE static void* Grow(void* block, size_t size) { return Escape(realloc(block, size)); }
NOINLINE static void Keep(void) { Escape(malloc(1769)); }

static void* Work(void* number) {
  unsigned dice = (unsigned)(size_t)number * 2654435761u + 1;
  void* blocks[4] = {0};
  for (int i = 0; i < kTimes; ++i) {
    dice = dice * 1664525u + 1013904223u;
    blocks[dice >> 30] = Grow(blocks[dice >> 30], 2000 + (dice >> 18) % 12 * 500);
  }
  for (int i = 0; i < 4; ++i) free(blocks[i]);
  Keep();
  return NULL;
}

int main(void) {
  pthread_t threads[kThreads];
  for (size_t i = 0; i < kThreads; ++i)
    REQUIRE(pthread_create(&threads[i], NULL, Work, (void*)i) == 0);
  for (int i = 0; i < kThreads; ++i) pthread_join(threads[i], NULL);
  return 0;
}
