// SPDX-License-Identifier: Apache-2.0
#ifndef LEAKTRACK_TESTS_E2E_PITFALLS_ALLOCATING_DLSYM_H_
#define LEAKTRACK_TESTS_E2E_PITFALLS_ALLOCATING_DLSYM_H_

enum { kHugeBytes = 300000 };

// Blocks that were allocated while malloc was being looked up.
extern struct EarlyBlocks {
  char *plain, *zeroed, *huge, *aligned, *grown;
  void* misaligned;  // refused, and left as it was
  int refusal;
} early_blocks;

#endif  // LEAKTRACK_TESTS_E2E_PITFALLS_ALLOCATING_DLSYM_H_
