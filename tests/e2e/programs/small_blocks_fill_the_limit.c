// SPDX-License-Identifier: Apache-2.0
// Fifteen seconds in which 40,000 blocks of 8 bytes a second are kept: requested are 18 MiB a
// minute, and resident memory, which fills the limit, grows four times as fast.
// RUN:
// EXPECT: conclusion grows|leak
// EXPECT: first CountVisit
// EXPECT: measured resident 60 to 90 MiB/min
// EXPECT: holder CountVisit
#include <time.h>

#include "program.h"

enum { kTicks = 300, kPerTick = 2000 };

NOINLINE static void CountVisit(long n) {
  long* visit = malloc(sizeof(long));
  *visit = n;
  Escape(visit);
}

int main(void) {
  struct timespec next;
  clock_gettime(CLOCK_MONOTONIC, &next);
  for (int tick = 0; tick < kTicks; ++tick) {
    for (int i = 0; i < kPerTick; ++i) CountVisit(tick + i);
    next.tv_nsec += 50000000;
    if (next.tv_nsec >= 1000000000) ++next.tv_sec, next.tv_nsec -= 1000000000;
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &next, NULL);
  }
  _exit(0);
}
