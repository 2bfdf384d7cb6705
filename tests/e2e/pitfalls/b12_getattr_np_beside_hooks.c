// SPDX-License-Identifier: Apache-2.0
// pthread_getattr_np allocates under the thread's own lock. Four threads call it again and again,
// with every block recorded.
// EXPECT: end exited
// EXPECT: absent Ask
#include "program.h"

NOINLINE static void* Ask(void* unused) {
  for (int i = 0; i < 1000; ++i) {
    pthread_attr_t attributes;
    REQUIRE(pthread_getattr_np(pthread_self(), &attributes) == 0);
    free(Escape(malloc(100)));
    pthread_attr_destroy(&attributes);
  }
  return unused;
}

int main(void) {
  pthread_t threads[4];
  for (int i = 0; i < 4; ++i) REQUIRE(pthread_create(&threads[i], NULL, Ask, NULL) == 0);
  for (int i = 0; i < 4; ++i) pthread_join(threads[i], NULL);
  return 0;
}
