// SPDX-License-Identifier: Apache-2.0
// Twelve seconds of a steady leak (400 blocks of about 3 KB per second), beside four things that
// look like leaks and are not: a start-up table, a cache that fills and then evicts, a batch that
// builds up and is dropped, and plain churn.
// RUN:
// EXPECT: end exited
// EXPECT: first LeakSteadily
// EXPECT: verdict watch|leak LeakSteadily
// EXPECT: trend linear LeakSteadily
// EXPECT: grows only LeakSteadily
#include <time.h>

#include <cstddef>
#include <cstdint>
#include <vector>

#include "program.h"

namespace {

constexpr int kTicks = 1200;  // of 10 ms
constexpr size_t kCacheEntries = 1500;

uint64_t random_state = 88172645463325252u;
uint64_t Random() {
  random_state ^= random_state << 13;
  random_state ^= random_state >> 7;
  return random_state ^= random_state << 17;
}

std::vector<void*> start_up, batch;
void* cache[kCacheEntries];

NOINLINE void LoadAtStart() {
  for (int i = 0; i < 20000; ++i) start_up.push_back(Escape(malloc(500 + Random() % 500)));
}
NOINLINE void LeakSteadily() {
  for (int i = 0; i < 4; ++i) Escape(malloc(2000 + Random() % 2000));
}
NOINLINE void FillCache() {
  for (int i = 0; i < 20; ++i) {
    void** entry = &cache[Random() % kCacheEntries];
    free(*entry);
    *entry = Escape(malloc(1000 + Random() % 1000));
  }
}
NOINLINE void BuildBatch() {
  for (int i = 0; i < 10; ++i) batch.push_back(Escape(malloc(700)));
  if (batch.size() < 1000) return;
  for (void* block : batch) free(block);
  batch.clear();
}
NOINLINE void Churn() {
  void* blocks[50];
  for (void*& block : blocks) block = Escape(malloc(64 + Random() % 1000));
  for (void* block : blocks) free(block);
}

}  // namespace

int main() {
  LoadAtStart();
  timespec next;
  clock_gettime(CLOCK_MONOTONIC, &next);
  for (int tick = 0; tick < kTicks; ++tick) {
    LeakSteadily();
    FillCache();
    BuildBatch();
    Churn();
    next.tv_nsec += 10'000'000;
    if (next.tv_nsec >= 1'000'000'000) ++next.tv_sec, next.tv_nsec -= 1'000'000'000;
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &next, nullptr);
  }
  return 0;
}
