// SPDX-License-Identifier: Apache-2.0
// mimalloc's own calls are counted like malloc and free; blocks in a heap of the program's own are
// not seen.
// EXPECT: live LeaksByMiMalloc 100 objects 100100 bytes
// EXPECT: live LeaksByMiReallocn 100 objects 201000 bytes
// EXPECT: live LeaksByMiReallocf 100 objects 203900 bytes
// EXPECT: absent FreedByMiFree
// EXPECT: absent FreedByMiFreeSize
// EXPECT: absent GivenByMiCalloc
// EXPECT: absent EndsWithItsHeap
#include "other_calls.h"

void* mi_malloc(size_t size);
void* mi_calloc(size_t count, size_t size);
void* mi_reallocn(void* block, size_t count, size_t size);
void* mi_reallocf(void* block, size_t size);
void mi_free(void* block);
void mi_free_size(void* block, size_t size);
void* mi_heap_new(void);
void* mi_heap_malloc(void* heap, size_t size);
void* mi_heap_realloc(void* heap, void* block, size_t size);
void mi_heap_destroy(void* heap);

static void* heap;

static void LeaksByMiMalloc(void) { last_block = mi_malloc(1001); }
static void LeaksByMiReallocn(void) {
  void* const block = malloc(1007);
  last_block = mi_reallocn(block, 3, 670);
}
static void LeaksByMiReallocf(void) {
  void* const block = mi_malloc(1007);
  last_block = mi_reallocf(block, 2039);
}
static void FreedByMiFree(void) { mi_free(last_block = malloc(1009)); }
static void FreedByMiFreeSize(void) { mi_free_size(last_block = mi_malloc(1013), 1013); }
static void GivenByMiCalloc(void) { free(last_block = mi_calloc(3, 347)); }
static void EndsWithItsHeap(void) {
  void* const block = mi_heap_malloc(heap, 1019);
  last_block = mi_heap_realloc(heap, block, 2063);
}

int main(void) {
  Repeat(LeaksByMiMalloc);
  Repeat(LeaksByMiReallocn);
  Repeat(LeaksByMiReallocf);
  Repeat(FreedByMiFree);
  Repeat(FreedByMiFreeSize);
  Repeat(GivenByMiCalloc);
  heap = mi_heap_new();
  Repeat(EndsWithItsHeap);
  mi_heap_destroy(heap);
  return 0;
}
