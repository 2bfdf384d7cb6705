/* SPDX-License-Identifier: Apache-2.0
 *
 * Leaks 4,000 blocks by each function of the family. Each is called in a function that is named
 * after it; plt_allocator_test.py counts them.
 */
#include <malloc.h>

#include "program.h"

enum { kBlocks = 4000 };

void* _Znwm(size_t);
void* _Znam(size_t);
char* plt_allocator_copy(const char*);

static void* PosixMemalign(size_t alignment, size_t size) {
  void* block = NULL;
  REQUIRE(posix_memalign(&block, alignment, size) == 0);
  return block;
}

static char text[1000];

#define LEAKS_BY(name, call)                                         \
  NOINLINE static void LeakBy_##name(void) {                         \
    for (int i = 0; i < kBlocks; ++i) REQUIRE(Escape(call) != NULL); \
  }
LEAKS_BY(malloc, malloc(1000))
LEAKS_BY(calloc, calloc(10, 100))
LEAKS_BY(realloc, realloc(NULL, 1000))
LEAKS_BY(posix_memalign, PosixMemalign(64, 1000))
LEAKS_BY(aligned_alloc, aligned_alloc(64, 1000))
LEAKS_BY(memalign, memalign(128, 1000))
LEAKS_BY(valloc, valloc(1000))
LEAKS_BY(new, _Znwm(1000))
LEAKS_BY(new_array, _Znam(1000))
LEAKS_BY(copy, plt_allocator_copy(text))

/* Grows 4,000 blocks by a realloc that moves, and frees the blocks that they are moved from. */
NOINLINE static void LeakBy_growth(void) {
  for (int i = 0; i < kBlocks; ++i) REQUIRE(Escape(realloc(Escape(malloc(10)), 1000)) != NULL);
}

int main(void) {
  memset(text, 'x', sizeof text - 1);
  LeakBy_malloc();
  LeakBy_calloc();
  LeakBy_realloc();
  LeakBy_posix_memalign();
  LeakBy_aligned_alloc();
  LeakBy_memalign();
  LeakBy_valloc();
  LeakBy_new();
  LeakBy_new_array();
  LeakBy_copy();
  LeakBy_growth();
  return 0;
}
