// SPDX-License-Identifier: Apache-2.0
// In each of fourteen seconds there are ten threads more, each with 1 MiB of stack in use. The
// process grows, and neither a call site nor the allocator is the reason. The C library maps stacks
// without our seeing it; the number of threads tells.
// RUN:
// EXPECT: no accusation
// EXPECT: memory mappings
// EXPECT: because threads
#include <time.h>

#include "program.h"

enum { kTicks = 140, kStackBytes = 1 << 20 };

static struct Handshake done, end;

NOINLINE static void UseStack(void) {
  char frame[kStackBytes];
  memset(frame, 1, sizeof frame);
  Escape(frame);
}

static void* Work(void* unused) {
  UseStack();
  HandshakeTell(&done);
  HandshakeWait(&end);
  return unused;
}

int main(void) {
  HandshakeOpen(&done);
  HandshakeOpen(&end);
  struct timespec next;
  clock_gettime(CLOCK_MONOTONIC, &next);
  for (int tick = 0; tick < kTicks; ++tick) {
    pthread_t thread;
    REQUIRE(pthread_create(&thread, NULL, Work, NULL) == 0);
    HandshakeWait(&done);
    next.tv_nsec += 100000000;
    if (next.tv_nsec >= 1000000000) ++next.tv_sec, next.tv_nsec -= 1000000000;
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &next, NULL);
  }
  _exit(0);
}
