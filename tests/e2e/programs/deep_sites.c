// Keeps one block at each of SITES stacks, all deep and of the same few functions: deep_sites
// SITES.
// SPDX-License-Identifier: Apache-2.0
#include <stdlib.h>

#define kTurns 17
#define kDepth 20

static void* Left(unsigned path, int turns);

__attribute__((noinline)) static void* Leaf(void) { return malloc(37); }

// Each turn is one bit of the path, so there are as many stacks as paths.
__attribute__((noinline)) static void* Right(unsigned path, int turns) {
  void* block = turns == 0 ? Leaf()
                : path & 1 ? Left(path >> 1, turns - 1)
                           : Right(path >> 1, turns - 1);
  __asm__ volatile("" ::: "memory");
  return block;
}

__attribute__((noinline)) static void* Left(unsigned path, int turns) {
  void* block = turns == 0 ? Leaf()
                : path & 1 ? Left(path >> 1, turns - 1)
                           : Right(path >> 1, turns - 1);
  __asm__ volatile("" ::: "memory");
  return block;
}

__attribute__((noinline)) static void* Deep(unsigned path, int depth) {
  void* block = depth == 0 ? Left(path, kTurns) : Deep(path, depth - 1);
  __asm__ volatile("" ::: "memory");
  return block;
}

int main(int count, char** arguments) {
  const int sites = count > 1 ? atoi(arguments[1]) : 1;
  for (int i = 0; i < sites; ++i) {
    void* volatile kept = Deep((unsigned)i, kDepth);
    (void)kept;
  }
  return 0;
}
