// SPDX-License-Identifier: Apache-2.0
// A mapping that mremap grows and moves is one mapping of its new size.
// EXPECT: end exited
// EXPECT: live MapAndGrow 1 objects 1048576 bytes
// EXPECT: live MapAndShrink 1 objects 8192 bytes
#include <sys/mman.h>

#include "program.h"

static char* Map(size_t size) {
  char* mapping = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  REQUIRE(mapping != MAP_FAILED);
  return mapping;
}

NOINLINE static void MapAndGrow(void) {
  char* mapping = Map(4096);
  mapping[0] = 42;
  for (size_t size = 4096; size < 1048576; size *= 2) {
    mapping = mremap(mapping, size, size * 2, MREMAP_MAYMOVE);
    REQUIRE(mapping != MAP_FAILED);
  }
  REQUIRE(mapping[0] == 42);
}

NOINLINE static void MapAndShrink(void) {
  char* mapping = Map(81920);
  REQUIRE(mremap(mapping, 81920, 8192, 0) == mapping);
}

int main(void) {
  MapAndGrow();
  MapAndShrink();
  return 0;
}
