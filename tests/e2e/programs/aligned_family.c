// SPDX-License-Identifier: Apache-2.0
// Every C entry point leaks one block of its own size, aligned as asked.
// EXPECT: end exited
// EXPECT: live LeakMalloc 1 objects 1009 bytes
// EXPECT: live LeakCalloc 1 objects 1017 bytes
// EXPECT: live LeakAlignedAlloc 1 objects 8192 bytes
// EXPECT: live LeakPosixMemalign 1 objects 1021 bytes
// EXPECT: live LeakMemalign 1 objects 1031 bytes
// EXPECT: live LeakValloc 1 objects 1033 bytes
// EXPECT: live LeakPvalloc 1 objects 8192 bytes
// EXPECT: live LeakReallocarray 1 objects 1036 bytes
// EXPECT: live LeakStrdup 1 objects 27 bytes
// EXPECT: absent Refused
#include <errno.h>
#include <malloc.h>
#include <stdint.h>

#include "program.h"

static volatile size_t huge = PTRDIFF_MAX;

static void CheckAligned(void* block, size_t alignment) {
  REQUIRE(block != NULL && (uintptr_t)Escape(block) % alignment == 0);
}

NOINLINE static void LeakMalloc(void) { CheckAligned(malloc(1009), 16); }
NOINLINE static void LeakCalloc(void) { CheckAligned(calloc(9, 113), 16); }
NOINLINE static void LeakAlignedAlloc(void) { CheckAligned(aligned_alloc(8192, 8192), 8192); }
NOINLINE static void LeakPosixMemalign(void) {
  void* block = NULL;
  REQUIRE(posix_memalign(&block, 128, 1021) == 0);
  CheckAligned(block, 128);
}
NOINLINE static void LeakMemalign(void) { CheckAligned(memalign(512, 1031), 512); }
NOINLINE static void LeakValloc(void) { CheckAligned(valloc(1033), 4096); }
NOINLINE static void LeakPvalloc(void) { CheckAligned(pvalloc(8192), 4096); }
NOINLINE static void LeakReallocarray(void) { CheckAligned(reallocarray(NULL, 7, 148), 16); }
NOINLINE static void LeakStrdup(void) { CheckAligned(strdup("twenty-six characters long"), 16); }

// What the allocator refuses is refused in the same way, errno included, and leaves no trace.
NOINLINE static void Refused(void) {
  void* block = NULL;
  REQUIRE(posix_memalign(&block, 3, 100) == EINVAL);
  errno = 0;
  REQUIRE(Escape(malloc(huge)) == NULL && errno == ENOMEM);
  errno = 0;
  REQUIRE(Escape(calloc(huge, 16)) == NULL && errno == ENOMEM);
  errno = 77;
  free(NULL);
  free(Escape(malloc(10)));
  REQUIRE(errno == 77);
  void* zero = Escape(malloc(0));
  REQUIRE(zero != NULL);
  free(zero);
}

int main(void) {
  LeakMalloc();
  LeakCalloc();
  LeakAlignedAlloc();
  LeakPosixMemalign();
  LeakMemalign();
  LeakValloc();
  LeakPvalloc();
  LeakReallocarray();
  LeakStrdup();
  Refused();
  REQUIRE(malloc_usable_size(NULL) == 0);
  return 0;
}
