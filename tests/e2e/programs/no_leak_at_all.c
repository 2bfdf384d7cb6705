// SPDX-License-Identifier: Apache-2.0
// Everything is given back, in every possible way: the report must accuse nothing.
// EXPECT: end exited
// EXPECT: live nothing
// EXPECT: no accusation
#include <malloc.h>
#include <sys/mman.h>

#include "program.h"

enum { kBlocks = 500 };

static void Blocks(void) {
  void* blocks[kBlocks];
  for (int i = 0; i < kBlocks; ++i) blocks[i] = Escape(i % 2 ? malloc(17 * i) : calloc(i, 13));
  for (int i = 0; i < kBlocks; i += 3) blocks[i] = Escape(realloc(blocks[i], 23 * i + 1));
  for (int i = kBlocks - 1; i >= 0; --i) free(blocks[i]);
}

static void Aligned(void) {
  void* block = NULL;
  REQUIRE(posix_memalign(&block, 4096, 5000) == 0);
  free(Escape(block));
  free(Escape(aligned_alloc(64, 640)));
  free(Escape(memalign(256, 100)));
  free(Escape(strdup("a string long enough to be a block")));
}

static void Mappings(void) {
  char* mapping = mmap(NULL, 16384, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  REQUIRE(mapping != MAP_FAILED);
  mapping = mremap(mapping, 16384, 65536, MREMAP_MAYMOVE);
  REQUIRE(mapping != MAP_FAILED);
  munmap(mapping + 32768, 32768);
  munmap(mapping, 32768);
}

int main(void) {
  for (int i = 0; i < 20; ++i) {
    Blocks();
    Aligned();
    Mappings();
  }
  return 0;
}
