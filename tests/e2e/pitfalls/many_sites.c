// SPDX-License-Identifier: Apache-2.0
// Leaks from so many call stacks, and so many blocks, that a small recorder cannot hold them. Part
// of system_test.py.
#include "program.h"

NOINLINE static void Deep(unsigned path, int levels);
NOINLINE static void Left(unsigned path, int levels) {
  Deep(path, levels);
  __asm__ volatile("");
}
NOINLINE static void Right(unsigned path, int levels) {
  Deep(path, levels);
  __asm__ volatile("");
}
NOINLINE static void Deep(unsigned path, int levels) {
  if (levels == 0) {
    for (int i = 0; i < 8; ++i) Escape(malloc(40));
  } else if (path & 1) {
    Left(path >> 1, levels - 1);
  } else {
    Right(path >> 1, levels - 1);
  }
}

int main(void) {
  for (unsigned path = 0; path < 1u << 13; ++path) Deep(path, 13);
  return 0;
}
