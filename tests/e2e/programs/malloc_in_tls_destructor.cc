// SPDX-License-Identifier: Apache-2.0
// Threads allocate and free while they are torn down: in destructors of thread_local objects, and
// in all four rounds of pthread keys. The last of these run after our per-thread state could have
// been destroyed.
// EXPECT: end exited
// EXPECT: live LeakInDestructor 8 objects 5352 bytes
// EXPECT: live LeakInLastRound 8 objects 2376 bytes
// EXPECT: absent Transient
#include "program.h"

NOINLINE static void LeakInDestructor() { Escape(malloc(669)); }
NOINLINE static void LeakInLastRound() { Escape(malloc(297)); }
NOINLINE static void Transient() { free(Escape(malloc(5000))); }

namespace {

struct Late {
  void* block = nullptr;
  ~Late() {
    Transient();
    LeakInDestructor();
    free(block);
  }
};
thread_local Late late;

pthread_key_t key;

// A key that is set again in its destructor gets another round. glibc gives
// PTHREAD_DESTRUCTOR_ITERATIONS (4).
void KeyDestructor(void* value) {
  const auto round = reinterpret_cast<long>(value);
  Transient();
  if (round == 4) LeakInLastRound();
  pthread_setspecific(key, reinterpret_cast<void*>(round + 1));
}

void* Work(void*) {
  late.block = Escape(malloc(100));
  pthread_setspecific(key, reinterpret_cast<void*>(1L));
  return nullptr;
}

}  // namespace

int main() {
  REQUIRE(pthread_key_create(&key, KeyDestructor) == 0);
  pthread_t threads[8];
  for (pthread_t& thread : threads) REQUIRE(pthread_create(&thread, nullptr, Work, nullptr) == 0);
  for (pthread_t& thread : threads) pthread_join(thread, nullptr);
  return 0;
}
