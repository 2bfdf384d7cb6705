/* SPDX-License-Identifier: Apache-2.0
 *
 * For allocator_test.py. Four threads have blocks. Half of the main thread's are freed again, and
 * the tracker gets time to ask the allocator what it has. In use: 5,000 blocks of 1,000 bytes.
 * Free: as much.
 */
#include <stdint.h>
#include <sys/mman.h>

#include "program.h"

enum { kBlocks = 10000, kSize = 1000, kThreads = 3, kPage = 4096 };
static void* blocks[kBlocks];
static struct Handshake allocated, may_end;

static void* HoldABlock(void* unused) {
  (void)unused;
  void* block = Escape(malloc(kSize));
  /* Directly below glibc's heap: the kernel merges the two into one mapping. */
  char* heap = (char*)((uintptr_t)block & ~(((uintptr_t)64 << 20) - 1));
  mmap(heap - kPage, kPage, PROT_READ | PROT_WRITE,
       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0);
  HandshakeTell(&allocated);
  HandshakeWait(&may_end);
  free(block);
  return NULL;
}

int main(void) {
  pthread_t threads[kThreads];
  HandshakeOpen(&allocated);
  HandshakeOpen(&may_end);
  for (int i = 0; i < kThreads; ++i)
    REQUIRE(pthread_create(&threads[i], NULL, HoldABlock, NULL) == 0);
  for (int i = 0; i < kThreads; ++i) HandshakeWait(&allocated);
  for (int i = 0; i < kBlocks; ++i) blocks[i] = memset(Escape(malloc(kSize)), 1, kSize);
  for (int i = 0; i < kBlocks; i += 2) free(blocks[i]);
  sleep(5); /* not a handshake: the tracker asks after three seconds, whatever the program does */
  for (int i = 0; i < kThreads; ++i) HandshakeTell(&may_end);
  for (int i = 0; i < kThreads; ++i) REQUIRE(pthread_join(threads[i], NULL) == 0);
  return 0;
}
