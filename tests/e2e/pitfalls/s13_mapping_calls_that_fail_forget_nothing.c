// SPDX-License-Identifier: Apache-2.0
// The kernel refuses an mmap over a mapping, a munmap of a part of it, and an mremap. The mapping
// is still there, and still known. Then the same calls succeed.
// EXPECT: end exited
// EXPECT: live Keep 1048576 bytes
// EXPECT: absent Replaced
// EXPECT: losses allowed
// CASE: bad_descriptor
// CASE: too_many_mappings
#include <errno.h>
#include <sys/mman.h>

#include "program.h"

enum { kPage = 4096, kLength = 1 << 20 };

NOINLINE static char* Keep(void) {
  return mmap(NULL, kLength, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}
NOINLINE static char* Replaced(void) {
  return mmap(NULL, kLength, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

// Splits one mapping until the process may have no more mappings.
static void UseAllMappings(void) {
  const size_t pages = 1 << 18;
  char* many =
      mmap(NULL, pages * kPage, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  REQUIRE(many != MAP_FAILED);
  for (size_t i = 1; i < pages; i += 2) {
    if (mprotect(many + i * kPage, kPage, PROT_READ) != 0) return;
  }
  Fail("no limit");
}

int main(int argc, char** argv) {
  char* kept = Keep();
  char* replaced = Replaced();
  REQUIRE(kept != MAP_FAILED && replaced != MAP_FAILED);
  if (argc > 1 && strcmp(argv[1], "too_many_mappings") == 0) {
    UseAllMappings();
    REQUIRE(munmap(kept + kLength / 2, kPage) == -1 && errno == ENOMEM);
    return munmap(replaced, kLength);
  }
  REQUIRE(mmap(kept, kLength, PROT_READ, MAP_PRIVATE | MAP_FIXED, -1, 0) == MAP_FAILED &&
          errno == EBADF);
  REQUIRE(mremap(kept, kLength, 2 * kLength, MREMAP_FIXED, NULL) == MAP_FAILED);
  REQUIRE(mmap(replaced, kLength, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) ==
          replaced);
  return 0;
}
