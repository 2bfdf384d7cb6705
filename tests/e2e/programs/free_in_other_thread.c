// SPDX-License-Identifier: Apache-2.0
// One thread allocates 1,000 blocks and hands them over; the other frees all but seven.
// EXPECT: end exited
// EXPECT: live Produce 7 objects 4907 bytes
#include "program.h"

static int to_consumer[2];

NOINLINE static void Produce(void) {
  for (int i = 0; i < 1000; ++i) {
    void* block = Escape(malloc(701));
    REQUIRE(write(to_consumer[1], &block, sizeof block) == sizeof block);
  }
}

static void* Producer(void* unused) {
  Produce();
  close(to_consumer[1]);
  return unused;
}

static void* Consumer(void* unused) {
  void* block;
  for (int i = 0; read(to_consumer[0], &block, sizeof block) == sizeof block; ++i) {
    if (i % 142 != 141)
      free(block);  // 141, 283, ... 993: seven are kept
    else
      Escape(block);
  }
  return unused;
}

int main(void) {
  pthread_t producer, consumer;
  REQUIRE(pipe(to_consumer) == 0);
  REQUIRE(pthread_create(&consumer, NULL, Consumer, NULL) == 0);
  REQUIRE(pthread_create(&producer, NULL, Producer, NULL) == 0);
  pthread_join(producer, NULL);
  pthread_join(consumer, NULL);
  return 0;
}
