// SPDX-License-Identifier: Apache-2.0
//
// Allocates and frees in several threads, then says what it holds by its own books and by
// malloc_info's, and waits: "BLOCKS BYTES CACHED", a line of JSON, and the statistics.
//
// The threads stay, so that their caches stay. Freed blocks lie in caches, fast bins, bins, at the
// end of the heap; large ones have mappings.
#include <malloc.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <random>
#include <vector>

namespace {

constexpr int kThreads = 4, kSteps = 60'000;

struct Books {
  uint64_t blocks = 0, bytes = 0;
  std::vector<void*> live;
};

Books books[kThreads];
pthread_barrier_t done;

size_t SizeOf(std::mt19937& random) {
  const uint32_t kind = random() % 100;
  if (kind < 70) return 1 + random() % 200;
  if (kind < 95) return 1 + random() % 4000;
  if (kind < 99) return 1 + random() % 60'000;
  return 1 + random() % 300'000;
}

void* Work(void* argument) {
  Books& own = *static_cast<Books*>(argument);
  std::mt19937 random(static_cast<uint32_t>(&own - books) + 7);
  for (int step = 0; step < kSteps; ++step) {
    if (!own.live.empty() && random() % 100 < 47) {
      const size_t victim = random() % own.live.size();
      own.bytes -= malloc_usable_size(own.live[victim]);
      --own.blocks;
      free(own.live[victim]);
      own.live[victim] = own.live.back();
      own.live.pop_back();
      continue;
    }
    void* const block = malloc(SizeOf(random));
    if (block == nullptr) abort();
    memset(block, 0x5a, 16);
    own.bytes += malloc_usable_size(block);
    ++own.blocks;
    own.live.push_back(block);
  }
  pthread_barrier_wait(&done);
  pause();
  return nullptr;
}

}  // namespace

int main() {
  for (Books& one : books) one.live.reserve(kSteps);
  pthread_barrier_init(&done, nullptr, kThreads + 1);
  for (Books& one : books) {
    pthread_t thread;
    if (pthread_create(&thread, nullptr, Work, &one) != 0) abort();
  }
  pthread_barrier_wait(&done);
  uint64_t blocks = 0, bytes = 0;
  for (const Books& one : books) {
    blocks += one.blocks;
    bytes += one.bytes;
  }
  static char text[1 << 20];
  FILE* const statistics = fmemopen(text, sizeof text, "w");
  malloc_info(0, statistics);
  fclose(statistics);
  printf("{\"blocks\": %llu, \"bytes\": %llu}\n", static_cast<unsigned long long>(blocks),
         static_cast<unsigned long long>(bytes));
  fputs(text, stdout);
  puts("ready");
  fflush(stdout);
  char byte;
  return static_cast<int>(read(0, &byte, 1));
}
