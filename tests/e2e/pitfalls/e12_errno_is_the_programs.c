// SPDX-License-Identifier: Apache-2.0
// Calls that succeed leave errno unchanged, and calls that fail set it as libc does, also when they
// are recorded.
// EXPECT: end exited
// EXPECT: live nothing
// CASE: exactly
// CASE: sampled
// RUN: --interval 4KiB
#include <errno.h>
#include <stdint.h>
#include <sys/mman.h>

#include "program.h"

static volatile size_t huge = PTRDIFF_MAX;

int main(void) {
  for (int i = 0; i < 100000; ++i) {
    errno = 4711;
    void* block = Escape(malloc((size_t)(i % 5000)));
    block = Escape(realloc(block, (size_t)(i % 7000 + 1)));
    free(block);
    REQUIRE(errno == 4711);
    if (i % 100 == 0) {
      void* memory = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
      REQUIRE(memory != MAP_FAILED && munmap(memory, 8192) == 0 && errno == 4711);
    }
    if (i % 1000 != 0) continue;
    REQUIRE(Escape(malloc(huge)) == NULL && errno == ENOMEM);
    errno = 0;
    REQUIRE(Escape(calloc(huge, 2)) == NULL && errno == ENOMEM);
    errno = 0;
    REQUIRE(mmap(NULL, 0, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED &&
            errno == EINVAL);
    errno = 0;
    REQUIRE(munmap((void*)1, 4096) == -1 && errno == EINVAL);
  }
  return 0;
}
