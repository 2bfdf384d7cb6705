// SPDX-License-Identifier: Apache-2.0
// Handlers of exit() allocate, free, start and join a thread, and leave one thread waiting for ever
// for a lock. The end of the run waits for none of this, and the capture contains what they leak.
// EXPECT: end exited
// EXPECT: status 3
// EXPECT: live LeakAtExit 6 objects 11286 bytes
#include "program.h"

static pthread_mutex_t locked = PTHREAD_MUTEX_INITIALIZER;

NOINLINE static void LeakAtExit(void) {
  for (int i = 0; i < 3; ++i) Escape(malloc(1881));
}

static void* Wait(void* unused) {
  pthread_mutex_lock(&locked);
  return unused;
}

static void* Allocate(void* unused) {
  LeakAtExit();
  return unused;
}

static void AtExit(void) {
  pthread_t thread;
  free(Escape(malloc(99)));
  LeakAtExit();
  REQUIRE(pthread_create(&thread, NULL, Allocate, NULL) == 0 && pthread_join(thread, NULL) == 0);
}

int main(void) {
  pthread_t thread;
  pthread_mutex_lock(&locked);
  REQUIRE(atexit(AtExit) == 0);
  REQUIRE(pthread_create(&thread, NULL, Wait, NULL) == 0);
  exit(3);
}
