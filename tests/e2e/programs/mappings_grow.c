// SPDX-License-Identifier: Apache-2.0
// Twelve seconds of mappings that are never unmapped. Touched, they are resident and the process grows by its mappings,
// not by its heap; never touched, they are address space and nothing more.
// RUN:
// EXPECT: first MapMore
// EXPECT: verdict leak|suspect MapMore
// CASE: touched
// EXPECT: memory mappings
// CASE: untouched
// EXPECT: memory untouched
#include <sys/mman.h>
#include <time.h>

#include "program.h"

enum { kTicks = 240, kMappingBytes = 512 << 10 };

NOINLINE static void MapMore(int touch) {
  char* mapping = mmap(NULL, kMappingBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  REQUIRE(mapping != MAP_FAILED);
  if (touch) memset(mapping, 1, kMappingBytes);
  Escape(mapping);
}

int main(int argc, char** argv) {
  const int touch = argc > 1 && strcmp(argv[1], "touched") == 0;
  struct timespec next;
  clock_gettime(CLOCK_MONOTONIC, &next);
  for (int tick = 0; tick < kTicks; ++tick) {
    MapMore(touch);
    next.tv_nsec += 50000000;
    if (next.tv_nsec >= 1000000000) ++next.tv_sec, next.tv_nsec -= 1000000000;
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &next, NULL);
  }
  return 0;
}
