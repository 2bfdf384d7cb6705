// SPDX-License-Identifier: Apache-2.0
// An mremap that copies (old length 0) makes one mapping more. After MREMAP_DONTUNMAP both ranges
// are mappings. remap_file_pages makes none.
// EXPECT: end exited
// EXPECT: live Copy 1 objects 196608 bytes
// EXPECT: live CopyWithin 1 objects 65536 bytes
// EXPECT: live LeaveBehind 1 objects 81920 bytes
// EXPECT: absent Original
// EXPECT: absent LeaveAndUnmap
// EXPECT: absent CopyOfNothing
// EXPECT: live Shuffle 1 objects 45056 bytes
#include <errno.h>
#include <sys/mman.h>

#include "program.h"

enum { kPage = 4096, kBoth = PROT_READ | PROT_WRITE };
#ifndef MREMAP_DONTUNMAP
#define MREMAP_DONTUNMAP 4
#endif

static char* Map(size_t size, int flags) {
  char* mapping = mmap(NULL, size, kBoth, MAP_ANONYMOUS | flags, -1, 0);
  REQUIRE(mapping != MAP_FAILED);
  memset(mapping, 1, size);
  return mapping;
}

NOINLINE static char* Original(void) { return Map(196608, MAP_SHARED); }
NOINLINE static void Copy(void) {
  char* original = Original();
  char* copy = mremap(original, 0, 196608, MREMAP_MAYMOVE);
  REQUIRE(copy != MAP_FAILED && copy[99] == 1);
  REQUIRE(munmap(original, 196608) == 0);
}
NOINLINE static void CopyWithin(void) {
  char* original = Original();
  REQUIRE(mremap(original + 8 * kPage, 0, 65536, MREMAP_MAYMOVE) != MAP_FAILED);
  REQUIRE(munmap(original, 196608) == 0);
}
NOINLINE static void CopyOfNothing(void) {
  char* original = Original();
  REQUIRE(mremap(original, 0, 196608, 0) == MAP_FAILED);
  REQUIRE(munmap(original, 196608) == 0);
}
NOINLINE static char* MoveAway(char* from, size_t size) {
  char* to = mremap(from, size, size, MREMAP_MAYMOVE | MREMAP_DONTUNMAP);
  if (to != MAP_FAILED) REQUIRE(to != from && from[99] == 0 && to[99] == 1);
  return to;
}
// Kernels older than 5.7 refuse the call. Then nothing has changed.
NOINLINE static void LeaveBehind(void) {
  char* left = Map(81920, MAP_PRIVATE);
  char* moved = MoveAway(left, 81920);
  if (moved != MAP_FAILED) REQUIRE(munmap(moved, 81920) == 0);
}
NOINLINE static void LeaveAndUnmap(void) {
  char* left = Map(81920, MAP_PRIVATE);
  char* moved = MoveAway(left, 81920);
  REQUIRE(munmap(left, 81920) == 0);
  if (moved != MAP_FAILED) REQUIRE(munmap(moved, 81920) == 0);
}
NOINLINE static void Shuffle(void) {
  char* mapping = Map(45056, MAP_SHARED);
  mapping[kPage] = 2;
  REQUIRE(remap_file_pages(mapping, kPage, 0, 1, 0) == 0 && mapping[0] == 2);
}

int main(void) {
  Copy();
  CopyWithin();
  CopyOfNothing();
  LeaveBehind();
  LeaveAndUnmap();
  Shuffle();
  return 0;
}
