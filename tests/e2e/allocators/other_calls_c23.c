// SPDX-License-Identifier: Apache-2.0
// What free_sized and free_aligned_sized free is freed; what is not given to them is not.
// EXPECT: live Leaks 100 objects 100100 bytes
// EXPECT: absent FreedBySize
// EXPECT: absent FreedByAlignment
#include "other_calls.h"

void free_sized(void* block, size_t size);
void free_aligned_sized(void* block, size_t alignment, size_t size);

static void Leaks(void) { last_block = malloc(1001); }
static void FreedBySize(void) { free_sized(last_block = malloc(1009), 1009); }
static void FreedByAlignment(void) {
  free_aligned_sized(last_block = aligned_alloc(64, 1024), 64, 1024);
}

int main(void) {
  Repeat(Leaks);
  Repeat(FreedBySize);
  Repeat(FreedByAlignment);
  return 0;
}
