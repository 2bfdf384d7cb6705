/* SPDX-License-Identifier: Apache-2.0
 *
 * An allocator whose functions call each other by their public names, as handwritten allocators do:
 * through the PLT, and so through any hook. It hands out memory and never takes it back. Built
 * twice: with stack frames of its own, and with tail calls, which leave none.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

enum { kHeader = 16 };
static const size_t kArena = (size_t)1 << 34; /* address space, not memory */

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

/* Declared, not included: the headers would tell the compiler what these functions do. */
void* malloc(size_t);
void free(void*);
void* valloc(size_t);
void* _Znwm(size_t);

void* memalign(size_t alignment, size_t size) {
  char* base = Arena();
  if (base == NULL || size > kArena / 2) return errno = ENOMEM, NULL;
  if (alignment < 16) alignment = 16;
  const size_t at = atomic_fetch_add(&used, (size + kHeader + alignment + 15) & ~(size_t)15);
  if (at + size + kHeader + alignment > kArena) return errno = ENOMEM, NULL;
  char* block = (char*)(((uintptr_t)base + at + kHeader + alignment - 1) & -alignment);
  memcpy(block - 8, &size, sizeof size);
  return block;
}

static __attribute__((noinline)) void* Allocate(size_t size) {
  return memalign(16, size + kHeader);
}

void* malloc(size_t size) { return Allocate(size); }
void free(void* block) { (void)block; }
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
  if (block == NULL) return malloc(size);
  void* moved = malloc(size);
  const size_t old = malloc_usable_size(block);
  if (moved == NULL) return NULL;
  memcpy(moved, block, old < size ? old : size);
  free(block);
  return moved;
}
int posix_memalign(void** block, size_t alignment, size_t size) {
  *block = memalign(alignment, size);
  return *block == NULL ? ENOMEM : 0;
}
void* aligned_alloc(size_t alignment, size_t size) { return memalign(alignment, size); }
void* valloc(size_t size) { return memalign(4096, size); }
void* pvalloc(size_t size) { return valloc((size + 4095) & ~(size_t)4095); }

void* _Znwm(size_t size) {
  void* block = malloc(size);
  if (block == NULL) __builtin_trap();
  return block;
}
void* _Znam(size_t size) { return _Znwm(size); }
void _ZdlPv(void* block) { free(block); }

/* Not part of the malloc family: what it allocates belongs to the allocator and is not recorded. */
char* plt_allocator_copy(const char* text) {
  const size_t size = strlen(text) + 1;
  char* copy = malloc(size);
  if (copy != NULL) memcpy(copy, text, size);
  return copy;
}
