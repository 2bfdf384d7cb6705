// SPDX-License-Identifier: Apache-2.0
// dlsym allocates while we look malloc up (B1): more than any pool would hold (B2), and aligned as
// asked (B4) or refused. The blocks come back to free, realloc and malloc_usable_size when the real
// functions are known (B3).
// EXPECT: end exited
// EXPECT: live LeakLater 1 objects 4567 bytes
#include <dlfcn.h>
#include <errno.h>
#include <malloc.h>
#include <stdint.h>

#include "allocating_dlsym.h"
#include "program.h"

NOINLINE static void LeakLater(void) { Escape(malloc(4567)); }

static void CheckBlock(char* block, size_t size, size_t alignment) {
  REQUIRE(block != NULL && (uintptr_t)block % alignment == 0);
  REQUIRE(malloc_usable_size(block) >= size);
  memset(block, 7, size);
}

int main(void) {
  REQUIRE(dlsym(RTLD_DEFAULT, "malloc") != NULL);
  for (int i = 0; i < 100; ++i) REQUIRE(early_blocks.zeroed[i] == 0);
  CheckBlock(early_blocks.plain, 100, 16);
  CheckBlock(early_blocks.zeroed, 100, 16);
  CheckBlock(early_blocks.huge, kHugeBytes, 16);
  CheckBlock(early_blocks.aligned, 2048, 1024);
  CheckBlock(early_blocks.grown, 5000, 16);
  REQUIRE(early_blocks.refusal == EINVAL && early_blocks.misaligned == &early_blocks);
  early_blocks.huge = realloc(early_blocks.huge, 2 * kHugeBytes);
  REQUIRE(early_blocks.huge != NULL && early_blocks.huge[kHugeBytes - 1] == 7);
  early_blocks.plain = reallocarray(early_blocks.plain, 20, 10);
  REQUIRE(early_blocks.plain != NULL && early_blocks.plain[99] == 7);
  free(early_blocks.plain);
  free(early_blocks.zeroed);
  free(early_blocks.huge);
  free(early_blocks.aligned);
  free(early_blocks.grown);
  LeakLater();
  return 0;
}
