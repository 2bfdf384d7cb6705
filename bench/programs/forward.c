// SPDX-License-Identifier: Apache-2.0
// A preload that only forwards malloc and free: the minimum cost of any interposer.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stddef.h>

extern void* __libc_malloc(size_t size);
extern void __libc_free(void* block);

static void* (*real_malloc)(size_t) = __libc_malloc;
static void (*real_free)(void*) = __libc_free;

void* malloc(size_t size) { return real_malloc(size); }
void free(void* block) { real_free(block); }
