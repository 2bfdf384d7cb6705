// SPDX-License-Identifier: Apache-2.0
// Nothing lies before or behind a block that would not be there without us. The usable size and the
// distance of neighbours are glibc's, our reads cross no page, and alignments of any power of two
// hold.
// EXPECT: end exited
// EXPECT: live nothing
#include <malloc.h>
#include <stdint.h>

#include "program.h"

static size_t GlibcUsable(size_t size) {
  return size <= 24 ? 24 : ((size + 8 + 15) & ~(size_t)15) - 8;
}

int main(void) {
  for (size_t size = 0; size < 5000; size += 7) {
    void* block = Escape(malloc(size));
    // A remainder that is too small for a chunk of its own stays with the block.
    const size_t usable = malloc_usable_size(block);
    REQUIRE(usable == GlibcUsable(size) || usable == GlibcUsable(size) + 16);
    memset(block, 1, usable);
    free(block);
  }
  for (size_t alignment = 16; alignment <= 1 << 20; alignment *= 2) {
    void* block = Escape(aligned_alloc(alignment, alignment));
    REQUIRE((uintptr_t)block % alignment == 0);
    free(block);
  }
  return 0;
}
