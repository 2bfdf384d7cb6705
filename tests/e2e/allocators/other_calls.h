// SPDX-License-Identifier: Apache-2.0
// What the tests of allocators' own calls share: each kind of block is made 100 times.
#ifndef LEAKTRACK_TESTS_E2E_ALLOCATORS_OTHER_CALLS_H_
#define LEAKTRACK_TESTS_E2E_ALLOCATORS_OTHER_CALLS_H_

#include <stddef.h>
#include <stdlib.h>

enum { kBlocks = 100 };

static void* volatile last_block;

// Calls `function` for each block, and keeps nothing.
static inline void Repeat(void (*function)(void)) {
  for (int i = 0; i < kBlocks; ++i) function();
}

#endif  // LEAKTRACK_TESTS_E2E_ALLOCATORS_OTHER_CALLS_H_
