// SPDX-License-Identifier: Apache-2.0
// Four threads swap blocks through shared slots. Each takes out what another put in, and frees or
// reallocates it. Any thread reuses the addresses at once. At the end exactly 1,000 blocks are
// alive.
// EXPECT: end exited
// EXPECT: live Put 1000 objects 48000 bytes
// EXPECT: absent Reallocate
#include <atomic>
#include <cstdint>

#include "program.h"

namespace {

constexpr int kSlots = 1000, kThreads = 4, kSwaps = 100000;
std::atomic<void*> slots[kSlots];

NOINLINE void* Put() { return Escape(malloc(48)); }
NOINLINE void* Reallocate(void* block) { return Escape(realloc(block, 120)); }

void* Swap(void* seed) {
  auto random = reinterpret_cast<uint64_t>(seed);
  for (int i = 0; i < kSwaps; ++i) {
    random = random * 6364136223846793005u + 1442695040888963407u;
    void* old = slots[(random >> 33) % kSlots].exchange(Put());
    if (random >> 63) old = Reallocate(old);
    free(old);
  }
  return nullptr;
}

}  // namespace

int main() {
  for (auto& slot : slots) slot = Put();
  pthread_t threads[kThreads];
  for (long i = 0; i < kThreads; ++i)
    REQUIRE(pthread_create(&threads[i], nullptr, Swap, reinterpret_cast<void*>(i + 1)) == 0);
  for (pthread_t& thread : threads) pthread_join(thread, nullptr);
  return 0;
}
