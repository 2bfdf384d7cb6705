// SPDX-License-Identifier: Apache-2.0
// tcmalloc's own calls are counted like malloc and free.
// EXPECT: live LeaksByTcMalloc 100 objects 100100 bytes
// EXPECT: live LeaksByTcRealloc 100 objects 200300 bytes
// EXPECT: live LeaksByTcPosixMemalign 100 objects 102100 bytes
// EXPECT: absent FreedByTcFree
// EXPECT: absent FreedByTcDelete
// EXPECT: absent GivenByTcCalloc
#include "other_calls.h"

void* tc_malloc(size_t size);
void* tc_calloc(size_t count, size_t size);
void* tc_realloc(void* block, size_t size);
int tc_posix_memalign(void** block, size_t alignment, size_t size);
void tc_free(void* block);
void tc_delete(void* block);

static void LeaksByTcMalloc(void) { last_block = tc_malloc(1001); }
static void LeaksByTcRealloc(void) {
  void* const block = malloc(1007);
  last_block = tc_realloc(block, 2003);
}
static void LeaksByTcPosixMemalign(void) {
  void* block = NULL;
  if (tc_posix_memalign(&block, 64, 1021) == 0) last_block = block;
}
static void FreedByTcFree(void) { tc_free(last_block = malloc(1009)); }
static void FreedByTcDelete(void) { tc_delete(last_block = tc_malloc(1013)); }
static void GivenByTcCalloc(void) { free(last_block = tc_calloc(3, 347)); }

int main(void) {
  Repeat(LeaksByTcMalloc);
  Repeat(LeaksByTcRealloc);
  Repeat(LeaksByTcPosixMemalign);
  Repeat(FreedByTcFree);
  Repeat(FreedByTcDelete);
  Repeat(GivenByTcCalloc);
  return 0;
}
