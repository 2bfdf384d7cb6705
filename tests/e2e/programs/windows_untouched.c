// SPDX-License-Identifier: Apache-2.0
// A codec takes a window of 64 MiB per stream and touches its first page; every second one stream
// is not closed. Beside it a small log grows, all of it touched. What was never touched has a line
// of its own, nothing is negative, and the parts add up.
// RUN:
// EXPECT: untouched at least 700000000 bytes
// EXPECT: steps at least 10 of 67108864 bytes OpenStream
#include <time.h>

#include "program.h"

enum { kTicks = 140 };

NOINLINE static char* OpenStream(void) {
  char* window = malloc(64u << 20);
  window[0] = 1;
  return Escape(window);
}
NOINLINE static void NoteEvent(int number) { memset(Escape(malloc(4096)), number, 4096); }

int main(void) {
  struct timespec next;
  clock_gettime(CLOCK_MONOTONIC, &next);
  for (int tick = 0; tick < kTicks; ++tick) {
    char* stream = OpenStream();
    if (tick % 10 != 0) free(stream);
    NoteEvent(tick);
    next.tv_nsec += 100000000;
    if (next.tv_nsec >= 1000000000) ++next.tv_sec, next.tv_nsec -= 1000000000;
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &next, NULL);
  }
  _exit(0);
}
