// SPDX-License-Identifier: Apache-2.0
// jemalloc's own calls are counted like malloc and free.
// EXPECT: live LeaksByMallocx 100 objects 100100 bytes
// EXPECT: live LeaksByRallocx 100 objects 200300 bytes
// EXPECT: absent FreedByDallocx
// EXPECT: absent FreedBySdallocx
// EXPECT: absent GivenByMallocx
#include "other_calls.h"

void* mallocx(size_t size, int flags);
void* rallocx(void* block, size_t size, int flags);
void dallocx(void* block, int flags);
void sdallocx(void* block, size_t size, int flags);

static void LeaksByMallocx(void) { last_block = mallocx(1001, 0); }
static void LeaksByRallocx(void) {
  void* const block = malloc(1007);
  last_block = rallocx(block, 2003, 0);
}
static void FreedByDallocx(void) { dallocx(last_block = mallocx(1009, 0), 0); }
static void FreedBySdallocx(void) { sdallocx(last_block = malloc(1013), 1013, 0); }
static void GivenByMallocx(void) { free(last_block = mallocx(1019, 0)); }

int main(void) {
  Repeat(LeaksByMallocx);
  Repeat(LeaksByRallocx);
  Repeat(FreedByDallocx);
  Repeat(FreedBySdallocx);
  Repeat(GivenByMallocx);
  return 0;
}
