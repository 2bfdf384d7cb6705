// SPDX-License-Identifier: Apache-2.0
// A block that realloc moves belongs to the site of the last realloc. The old block is gone,
// whether it was moved or resized in place.
// EXPECT: end exited
// EXPECT: live Grow 1 objects 1000003 bytes
// EXPECT: live Shrink 1 objects 17 bytes
// EXPECT: live GrowFromNothing 1 objects 333 bytes
// EXPECT: absent Start
// EXPECT: absent Middle
#include "program.h"

NOINLINE static void* Start(size_t size) { return Escape(malloc(size)); }
NOINLINE static void* Middle(void* block, size_t size) { return Escape(realloc(block, size)); }
NOINLINE static void* Grow(void* block) { return Escape(realloc(block, 1000003)); }
NOINLINE static void* Shrink(void* block) { return Escape(realloc(block, 17)); }
NOINLINE static void* GrowFromNothing(void) { return Escape(realloc(NULL, 333)); }

int main(void) {
  char* block = Start(101);
  void* blocker = malloc(64);
  block[0] = 7;
  for (size_t size = 203; size < 100000; size = size * 2 + 1) block = Middle(block, size);
  block = Grow(block);
  REQUIRE(block[0] == 7);
  free(blocker);

  Escape(Shrink(Start(100001)));
  Escape(GrowFromNothing());
  return 0;
}
