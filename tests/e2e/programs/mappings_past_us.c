// SPDX-License-Identifier: Apache-2.0
// Fourteen seconds in which resident memory grows and no call is to blame: it is mapped by a system
// call that no hook sees, or mapped long ago and touched now. The account names the sum, the
// nearest caller if there is one, and when the limit will be reached.
// RUN:
// EXPECT: no accusation
// EXPECT: memory mappings
// CASE: past_us
// EXPECT: unplaced growth
// CASE: touched_late
// EXPECT: unplaced growth near MapAtOnce
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>

#include "program.h"

enum { kTicks = 280, kTickBytes = 512 << 10 };

// As Go's runtime does it.
NOINLINE static char* MapPastUs(size_t size) {
  long result;
  register long flags __asm__("r10") = MAP_PRIVATE | MAP_ANONYMOUS;
  register long fd __asm__("r8") = -1;
  register long offset __asm__("r9") = 0;
  __asm__ volatile("syscall"
                   : "=a"(result)
                   : "a"(SYS_mmap), "D"(0), "S"(size), "d"(PROT_READ | PROT_WRITE), "r"(flags),
                     "r"(fd), "r"(offset)
                   : "rcx", "r11", "memory");
  return (char*)result;
}
NOINLINE static char* MapAtOnce(void) {
  return mmap(NULL, (size_t)kTicks * kTickBytes, PROT_READ | PROT_WRITE,
              MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

int main(int argc, char** argv) {
  const int late = argc > 1 && strcmp(argv[1], "touched_late") == 0;
  char* all = late ? MapAtOnce() : NULL;
  REQUIRE(all != MAP_FAILED);
  struct timespec next;
  clock_gettime(CLOCK_MONOTONIC, &next);
  for (int tick = 0; tick < kTicks; ++tick) {
    char* more = late ? all + (size_t)tick * kTickBytes : MapPastUs(kTickBytes);
    memset(more, 1, kTickBytes);
    next.tv_nsec += 50000000;
    if (next.tv_nsec >= 1000000000) ++next.tv_sec, next.tv_nsec -= 1000000000;
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &next, NULL);
  }
  return 0;
}
