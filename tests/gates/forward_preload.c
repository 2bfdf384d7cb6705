// SPDX-License-Identifier: Apache-2.0
// The minimum that a library with its own malloc can do: forward. The fast paths are measured
// against it.
#include <stddef.h>

static void* (*real_malloc)(size_t);
static void (*real_free)(void*);

void forward_to(void* (*m)(size_t), void (*f)(void*)) { real_malloc = m, real_free = f; }
void* malloc(size_t size) { return real_malloc(size); }
void free(void* block) { real_free(block); }
