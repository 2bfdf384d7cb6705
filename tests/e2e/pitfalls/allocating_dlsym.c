// SPDX-License-Identifier: Apache-2.0
// A library that defines dlsym, as overlays do, and allocates in it. Every look-up of ours passes
// through it, while malloc itself is being looked up.
#include "allocating_dlsym.h"

#include <dlfcn.h>
#include <malloc.h>
#include <stdlib.h>

struct EarlyBlocks early_blocks;

void* dlsym(void* restrict handle, const char* restrict name) {
  static void* (*real)(void*, const char*);
  if (real == NULL) {
    real = (void* (*)(void*, const char*))dlvsym(RTLD_NEXT, "dlsym", "GLIBC_2.2.5");
    early_blocks.plain = malloc(100);
    early_blocks.zeroed = calloc(10, 10);
    early_blocks.huge = malloc(kHugeBytes);
    early_blocks.aligned = aligned_alloc(1024, 2048);
    early_blocks.misaligned = &early_blocks;
    early_blocks.refusal = posix_memalign(&early_blocks.misaligned, 48, 100);
    early_blocks.grown = realloc(malloc(10), 5000);
    free(malloc(50));
  }
  free(realloc(malloc(30), 60));
  void* found = real(handle, name);
  __asm__ volatile("" : "+r"(found));  // no tail call: it would change the caller
  return found;
}
