// SPDX-License-Identifier: Apache-2.0
// Anonymous mappings of the program itself are tracked: leaked ones, partly unmapped ones, and ones
// replaced by MAP_FIXED. File mappings and the loader's PROT_NONE reservations are not leaks of the
// program.
// EXPECT: end exited
// EXPECT: live MapAndForget 3 objects 589824 bytes
// EXPECT: live UnmapTheMiddle 12288 bytes
// EXPECT: live Replace 1 objects 36864 bytes
// EXPECT: absent MapAndUnmap
// EXPECT: absent Replaced
#include <sys/mman.h>

#include "program.h"

static char* Map(void* at, size_t size, int flags) {
  char* mapping =
      mmap(at, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | flags, -1, 0);
  REQUIRE(mapping != MAP_FAILED);
  mapping[0] = 1;
  return mapping;
}

NOINLINE static void MapAndForget(void) { Escape(Map(NULL, 196608, 0)); }
NOINLINE static void MapAndUnmap(void) {
  char* mapping = Map(NULL, 65536, 0);
  REQUIRE(munmap(mapping, 65536) == 0);
}
NOINLINE static void UnmapTheMiddle(void) {
  char* mapping = Map(NULL, 20480, 0);
  REQUIRE(munmap(mapping + 4096, 8192) == 0);
}
NOINLINE static char* Replaced(void) { return Map(NULL, 36864, 0); }
NOINLINE static void Replace(void* at) { Escape(Map(at, 36864, MAP_FIXED)); }

int main(void) {
  for (int i = 0; i < 3; ++i) MapAndForget();
  for (int i = 0; i < 50; ++i) MapAndUnmap();
  UnmapTheMiddle();
  Replace(Replaced());
  return 0;
}
