/* SPDX-License-Identifier: Apache-2.0
 *
 * An allocator that may be left, or entered again, at any instruction: it hands out memory and
 * never takes it back. With it, programs can allocate in signal handlers and jump out of malloc,
 * which breaks glibc's malloc. So only our hooks are under test.
 */
#define _GNU_SOURCE
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

enum { kHeader = 16 };
static const size_t kArena = (size_t)1 << 36; /* address space, not memory */

static _Atomic(char*) arena;
static atomic_size_t used;

static char* Arena(void) {
  char* base = atomic_load(&arena);
  if (base != NULL) return base;
  char* fresh = mmap(NULL, kArena, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (fresh == MAP_FAILED) return NULL;
  if (atomic_compare_exchange_strong(&arena, &base, fresh)) return fresh;
  munmap(fresh, kArena);
  return base;
}

void* memalign(size_t alignment, size_t size) {
  char* base = Arena();
  if (base == NULL || size > kArena / 2) return NULL;
  if (alignment < 16) alignment = 16;
  const size_t at = atomic_fetch_add(&used, (size + kHeader + alignment + 15) & ~(size_t)15);
  if (at + size + kHeader + alignment > kArena) return NULL;
  char* block = (char*)(((uintptr_t)base + at + kHeader + alignment - 1) & -alignment);
  memcpy(block - 8, &size, sizeof size);
  return block;
}

void* malloc(size_t size) { return memalign(16, size); }
void free(void* block) { (void)block; }
void* aligned_alloc(size_t alignment, size_t size) { return memalign(alignment, size); }
void* calloc(size_t count, size_t size) {
  size_t bytes;
  return __builtin_mul_overflow(count, size, &bytes) ? NULL : malloc(bytes);
}
size_t malloc_usable_size(void* block) {
  size_t size = 0;
  if (block != NULL) memcpy(&size, (char*)block - 8, sizeof size);
  return size;
}
void* realloc(void* block, size_t size) {
  void* moved = malloc(size);
  const size_t old = malloc_usable_size(block);
  if (moved != NULL && block != NULL) memcpy(moved, block, old < size ? old : size);
  return moved;
}
int posix_memalign(void** block, size_t alignment, size_t size) {
  *block = memalign(alignment, size);
  return *block == NULL ? 12 : 0;
}
