// SPDX-License-Identifier: Apache-2.0
// A table fills while the program runs, and an atexit handler frees it: alive nearly to the end,
// and no leak.
// EXPECT: end exited
// EXPECT: live nothing
// EXPECT: no accusation
#include "program.h"

enum { kEntries = 2000 };
static void* table[kEntries];

static void GiveBack(void) {
  for (int i = 0; i < kEntries; ++i) free(table[i]);
}

NOINLINE static void Fill(void) {
  for (int i = 0; i < kEntries; ++i) table[i] = Escape(malloc(1500));
}

int main(void) {
  REQUIRE(atexit(GiveBack) == 0);
  Fill();
  return 0;
}
