// SPDX-License-Identifier: Apache-2.0
// A realloc that fails leaves the old block alive, under its own site. realloc(p, 0) frees.
// EXPECT: end exited
// EXPECT: live Keep 1 objects 777 bytes
// EXPECT: live KeepArray 1 objects 555 bytes
// EXPECT: absent FreeByZero
// EXPECT: absent TooMuch
#include <errno.h>
#include <stdint.h>

#include "program.h"

static volatile size_t huge = PTRDIFF_MAX;

NOINLINE static void* Keep(void) { return Escape(malloc(777)); }
NOINLINE static void* KeepArray(void) { return Escape(malloc(555)); }
NOINLINE static void* TooMuch(void* block) { return Escape(realloc(block, huge)); }
NOINLINE static void* TooMany(void* block) { return Escape(reallocarray(block, huge, 16)); }
NOINLINE static void FreeByZero(void) { REQUIRE(Escape(realloc(Escape(malloc(444)), 0)) == NULL); }

int main(void) {
  void* kept = Keep();
  errno = 0;
  REQUIRE(TooMuch(kept) == NULL);
  REQUIRE(errno == ENOMEM);
  void* array = KeepArray();
  errno = 0;
  REQUIRE(TooMany(array) == NULL);
  REQUIRE(errno == ENOMEM);
  FreeByZero();
  Escape(kept);
  Escape(array);
  return 0;
}
