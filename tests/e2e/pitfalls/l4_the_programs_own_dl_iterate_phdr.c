// SPDX-License-Identifier: Apache-2.0
// A program replaces dl_iterate_phdr by a function that takes a lock, which it also holds while it
// allocates. Called from inside malloc, it would wait for ever.
// EXPECT: end exited
// EXPECT: live Leak 50 objects 6550 bytes
#include <link.h>

#include "program.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

int dl_iterate_phdr(int (*callback)(struct dl_phdr_info*, size_t, void*), void* data) {
  (void)callback, (void)data;
  pthread_mutex_lock(&lock);
  pthread_mutex_unlock(&lock);
  return 0;
}

NOINLINE static void Leak(void) { Escape(malloc(131)); }

int main(void) {
  for (int i = 0; i < 50; ++i) {
    pthread_mutex_lock(&lock);
    Leak();
    pthread_mutex_unlock(&lock);
  }
  return dl_iterate_phdr(NULL, NULL);
}
