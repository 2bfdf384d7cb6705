// SPDX-License-Identifier: Apache-2.0
// Fifteen seconds in which a heap doubles every two seconds, in a burst each, all of it at one
// place: births in a few clumps are a step to the test of a site, and 256 MiB for all that.
// RUN:
// EXPECT: conclusion grows|suspect|leak
// EXPECT: measured resident 200 to 4000 MiB/min
// EXPECT: holder Double
#include <time.h>

#include "program.h"

enum { kBursts = 7, kBlock = 4096 };

NOINLINE static void Double(size_t blocks) {
  for (size_t i = 0; i < blocks; ++i) memset(Escape(malloc(kBlock)), 1, kBlock);
}

int main(void) {
  struct timespec next;
  clock_gettime(CLOCK_MONOTONIC, &next);
  size_t blocks = 512;  // 2 MiB
  for (int burst = 0; burst < kBursts; ++burst, blocks *= 2) {
    Double(blocks);
    next.tv_sec += 2;
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &next, NULL);
  }
  _exit(0);
}
