// SPDX-License-Identifier: Apache-2.0
// The bytes by which a program moves its break up belong to the program, exactly, also while malloc
// moves the break between two calls. The bytes by which it moves the break down are gone.
// EXPECT: end exited
// EXPECT: live Grow 3 objects 300003 bytes
// EXPECT: live SetHigher 1 objects 70001 bytes
// EXPECT: live GrowAndShrink 1 objects 24576 bytes
// EXPECT: live Block 1 objects 100003 bytes
// EXPECT: absent GrowTooMuch
#include <errno.h>
#include <stdint.h>

#include "program.h"

NOINLINE static void Grow(void) {
  errno = 4711;
  char* more = sbrk(100001);
  REQUIRE(more != (void*)-1 && errno == 4711);
  memset(more, 1, 100001);
}
NOINLINE static void SetHigher(void) {
  char* old = sbrk(0);
  REQUIRE(brk(old + 70001) == 0 && sbrk(0) == old + 70001);
}
NOINLINE static void GrowAndShrink(void) {
  REQUIRE(sbrk(65536) != (void*)-1);
  char* end = sbrk(0);
  REQUIRE(sbrk(-8192) == end);
  REQUIRE(brk(end - 40960) == 0 && sbrk(0) == end - 40960);
}
NOINLINE static void* Block(void) { return Escape(malloc(100003)); }
NOINLINE static void GrowTooMuch(void) {
  REQUIRE(sbrk(INTPTR_MAX / 2) == (void*)-1 && errno == ENOMEM);
}

int main(void) {
  for (int i = 0; i < 3; ++i) Grow();
  Block();
  SetHigher();
  GrowAndShrink();
  GrowTooMuch();
  return 0;
}
