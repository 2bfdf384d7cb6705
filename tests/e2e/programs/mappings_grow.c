// SPDX-License-Identifier: Apache-2.0
// Twelve seconds of mappings that are never unmapped. If they are touched, they are resident, and
// the process grows by its mappings and not by its heap. If they are never touched, they are only
// address space. Mappings that are reserved first and opened later, and files in memory, behave the
// same.
// RUN:
// EXPECT: first Map|MapMore|MapOpened|MapShared
// EXPECT: verdict watch MapMore
// CASE: touched
// EXPECT: memory mappings
// CASE: untouched
// EXPECT: memory untouched
// CASE: opened
// EXPECT: memory mappings
// CASE: shared
// EXPECT: memory mappings
#include <sys/mman.h>
#include <time.h>

#include "program.h"

enum { kTicks = 240, kMappingBytes = 512 << 10 };

enum { kBoth = PROT_READ | PROT_WRITE };

static char* Map(int protection, int flags, int fd) {
  char* mapping = mmap(NULL, kMappingBytes, protection, flags, fd, 0);
  REQUIRE(mapping != MAP_FAILED);
  return mapping;
}
static char* MapOpened(void) {
  char* mapping = Map(PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
  REQUIRE(mprotect(mapping, kMappingBytes, kBoth) == 0);
  return mapping;
}
static char* MapShared(void) {
  const int fd = memfd_create("grows", MFD_CLOEXEC);
  REQUIRE(fd >= 0 && ftruncate(fd, kMappingBytes) == 0);
  char* mapping = Map(kBoth, MAP_SHARED, fd);
  close(fd);
  return mapping;
}

NOINLINE static void MapMore(const char* how) {
  char* mapping = strcmp(how, "opened") == 0   ? MapOpened()
                  : strcmp(how, "shared") == 0 ? MapShared()
                                               : Map(kBoth, MAP_PRIVATE | MAP_ANONYMOUS, -1);
  if (strcmp(how, "untouched") != 0) memset(mapping, 1, kMappingBytes);
  Escape(mapping);
}

int main(int argc, char** argv) {
  const char* how = argc > 1 ? argv[1] : "touched";
  struct timespec next;
  clock_gettime(CLOCK_MONOTONIC, &next);
  for (int tick = 0; tick < kTicks; ++tick) {
    MapMore(how);
    next.tv_nsec += 50000000;
    if (next.tv_nsec >= 1000000000) ++next.tv_sec, next.tv_nsec -= 1000000000;
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &next, NULL);
  }
  return 0;
}
