// SPDX-License-Identifier: Apache-2.0
// Resident memory grows more than tenfold, but the live heap does not. Each second one more thread
// makes 16 MiB of blocks and frees all but the last, which keeps glibc from giving the arena's
// pages back. The threads stay, so each has an arena of its own. Only the allocator is to blame.
// With one arena for all, as the advice says, nothing grows.
// RUN:
// EXPECT: no accusation
// CASE: many
// EXPECT: memory retention
// EXPECT: retained at least 40000000 bytes
// EXPECT: advice MALLOC_ARENA_MAX
// CASE: one
// ENV: MALLOC_ARENA_MAX=1
// EXPECT: memory steady|unknown
#include <time.h>

#include "program.h"

enum { kThreads = 14, kBlocks = 16384, kBlockBytes = 1000 };

static struct Handshake done, end;

NOINLINE static void MakeAndFree(void) {
  static __thread char* blocks[kBlocks];
  for (int i = 0; i < kBlocks; ++i) memset(blocks[i] = Escape(malloc(kBlockBytes)), 1, kBlockBytes);
  for (int i = 0; i < kBlocks - 1; ++i) free(blocks[i]);
}

static void* Work(void* unused) {
  MakeAndFree();
  HandshakeTell(&done);
  HandshakeWait(&end);
  return unused;
}

int main(void) {
  pthread_t threads[kThreads];
  HandshakeOpen(&done);
  HandshakeOpen(&end);
  struct timespec next;
  clock_gettime(CLOCK_MONOTONIC, &next);
  for (int i = 0; i < kThreads; ++i) {
    REQUIRE(pthread_create(&threads[i], NULL, Work, NULL) == 0);
    HandshakeWait(&done);
    ++next.tv_sec;
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &next, NULL);
  }
  _exit(0);
}
