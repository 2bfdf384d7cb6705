// SPDX-License-Identifier: Apache-2.0
// Four threads leak three blocks each from one site; they end before the program does.
// EXPECT: end exited
// EXPECT: live LeakThree 12 objects 15996 bytes
// EXPECT: absent Clean
#include "program.h"

NOINLINE static void LeakThree(void) {
  for (int i = 0; i < 3; ++i) Escape(malloc(1333));
}

NOINLINE static void Clean(void) {
  for (int i = 0; i < 100; ++i) free(Escape(malloc(1333)));
}

static void* Work(void* unused) {
  Clean();
  LeakThree();
  Clean();
  return unused;
}

int main(void) {
  pthread_t threads[4];
  for (int i = 0; i < 4; ++i) REQUIRE(pthread_create(&threads[i], NULL, Work, NULL) == 0);
  for (int i = 0; i < 4; ++i) pthread_join(threads[i], NULL);
  return 0;
}
