// SPDX-License-Identifier: Apache-2.0
// Programs that only allocate: churn WHAT THREADS OPERATIONS (per thread). Prints the wall
// nanoseconds of an operation.
//  pair    malloc(64) and free at once
//  server  1,000 blocks of 8 to 1,000 bytes per thread, a random one replaced; one in eight is
//          handed to the next thread that comes
//  factor  small blocks that live for one call, 5 to 10 frames deep
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { kBlocks = 1000, kHandedOver = 64, kMostThreads = 256 };

static _Atomic(void*) handed_over[kHandedOver];
static long operations;

static uint32_t Random(uint64_t* state) {
  *state = *state * 6364136223846793005u + 1442695040888963407u;
  return (uint32_t)(*state >> 33);
}

static void* Pair(void* unused) {
  for (long i = 0; i < operations; ++i) {
    void* volatile block = malloc(64);
    free(block);
  }
  return unused;
}

static void* Server(void* seed) {
  void* blocks[kBlocks] = {0};
  uint64_t random = (uintptr_t)seed * 977 + 1;
  for (long i = 0; i < operations; ++i) {
    const uint32_t draw = Random(&random);
    void** const place = &blocks[draw % kBlocks];
    void* old = *place;
    *place = malloc(8 + draw / kBlocks % 993);
    if (draw % 8 == 0) old = atomic_exchange(&handed_over[draw / 8 % kHandedOver], old);
    free(old);
  }
  for (int i = 0; i < kBlocks; ++i) free(blocks[i]);
  return 0;
}

__attribute__((noinline)) static int Descend(int depth, uint64_t* random) {
  char* volatile block = malloc(16 + Random(random) % 48);
  block[0] = (char)depth;
  const int rest = depth > 0 ? Descend(depth - 1, random) : 0;
  const int sum = rest + block[0];
  free(block);
  return sum;
}

static void* Factor(void* seed) {
  uint64_t random = (uintptr_t)seed + 1;
  for (long done = 0; done < operations;) {
    const int depth = 4 + (int)(Random(&random) % 6);
    Descend(depth, &random);
    done += depth + 1;
  }
  return 0;
}

int main(int argc, char** argv) {
  if (argc != 4) return 2;
  const long threads = atol(argv[2]);
  operations = atol(argv[3]);
  void* (*const work)(void*) = strcmp(argv[1], "pair") == 0     ? Pair
                               : strcmp(argv[1], "server") == 0 ? Server
                                                                : Factor;
  pthread_t ids[kMostThreads];
  struct timespec begin, end;
  clock_gettime(CLOCK_MONOTONIC, &begin);
  for (long i = 0; i < threads && i < kMostThreads; ++i) pthread_create(&ids[i], 0, work, (void*)i);
  for (long i = 0; i < threads && i < kMostThreads; ++i) pthread_join(ids[i], 0);
  clock_gettime(CLOCK_MONOTONIC, &end);
  const double ns =
      (double)(end.tv_sec - begin.tv_sec) * 1e9 + (double)(end.tv_nsec - begin.tv_nsec);
  printf("%.2f\n", ns / ((double)operations * (double)threads));
  return 0;
}
