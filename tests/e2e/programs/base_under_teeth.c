// SPDX-License-Identifier: Apache-2.0
// Fifteen seconds in which a batch of 24 MiB is built up and dropped three times, and each time
// 2 MiB of it stay. The teeth are few and tall; the base grows.
// RUN:
// EXPECT: conclusion grows|suspect|leak
// EXPECT: first KeepSome|BuildBatch
#include <time.h>

#include "program.h"

enum { kTicks = 300, kTooth = 60, kPerTick = 100, kBlock = 4200, kKeepEvery = 12 };

static void* batch[kTooth * kPerTick];

NOINLINE static void* BuildBatch(void) {
  char* block = Escape(malloc(kBlock));
  memset(block, 1, kBlock);
  return block;
}
NOINLINE static void* KeepSome(void) {
  char* block = Escape(malloc(kBlock));
  memset(block, 1, kBlock);
  return block;
}

int main(void) {
  int held = 0;
  struct timespec next;
  clock_gettime(CLOCK_MONOTONIC, &next);
  for (int tick = 0; tick < kTicks; ++tick) {
    for (int i = 0; i < kPerTick; ++i) {
      if (i % kKeepEvery == 0) {
        Escape(KeepSome());
      } else {
        batch[held++] = BuildBatch();
      }
    }
    if (tick % kTooth == kTooth - 1) {
      while (held > 0) free(batch[--held]);
    }
    next.tv_nsec += 50000000;
    if (next.tv_nsec >= 1000000000) ++next.tv_sec, next.tv_nsec -= 1000000000;
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &next, NULL);
  }
  _exit(0);
}
