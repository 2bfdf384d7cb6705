// SPDX-License-Identifier: Apache-2.0
// Eight bytes at a time, ten thousand times a second: the allocator spends thirty-two for each.
// What it adds has a line of its own.
// RUN:
// EXPECT: first CountVisit
// EXPECT: part allocator_overhead grows
// EXPECT: part allocator_overhead at least 2000000 bytes
#include <time.h>

#include "program.h"

enum { kTicks = 280, kVisits = 500 };

NOINLINE static void CountVisit(long number) {
  long* visit = malloc(sizeof *visit);
  *visit = number;
  Escape(visit);
}

int main(void) {
  struct timespec next;
  clock_gettime(CLOCK_MONOTONIC, &next);
  for (int tick = 0; tick < kTicks; ++tick) {
    for (int k = 0; k < kVisits; ++k) CountVisit(tick + k);
    next.tv_nsec += 50000000;
    if (next.tv_nsec >= 1000000000) ++next.tv_sec, next.tv_nsec -= 1000000000;
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &next, NULL);
  }
  _exit(0);
}
