// SPDX-License-Identifier: Apache-2.0
// A small allocator with C23's free_sized and free_aligned_sized, which end in no other public
// call. Nothing is ever given back.
#define _GNU_SOURCE
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

static char* place;
static size_t left;
static size_t freed;

static void* Take(size_t size, size_t alignment) {
  if (alignment < 16) alignment = 16;
  const size_t wanted = size + alignment + 16;
  if (left < wanted) {
    left = wanted < (1 << 22) ? 1 << 22 : wanted;
    place = mmap(NULL, left, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  }
  char* const block = (char*)(((uintptr_t)place + 16 + alignment - 1) & ~(alignment - 1));
  ((size_t*)block)[-1] = size;
  left -= (size_t)(block + size - place);
  place = block + size;
  return block;
}

void* malloc(size_t size) { return Take(size, 16); }
void* calloc(size_t count, size_t size) { return Take(count * size, 16); }
void* aligned_alloc(size_t alignment, size_t size) { return Take(size, alignment); }
void* realloc(void* block, size_t size) {
  char* const moved = Take(size, 16);
  if (block != NULL) {
    const size_t before = ((size_t*)block)[-1];
    memcpy(moved, block, before < size ? before : size);
  }
  return moved;
}
void free(void* block) { freed += block != NULL; }
void free_sized(void* block, size_t size) { freed += block != NULL && size != 0; }
void free_aligned_sized(void* block, size_t alignment, size_t size) {
  freed += block != NULL && alignment != 0 && size != 0;
}
