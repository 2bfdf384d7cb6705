/* SPDX-License-Identifier: Apache-2.0
 *
 * For allocator_test.py. A signal stops a thread for ever while it holds the lock of the
 * allocator's main arena. From then on nobody who asks the allocator for its statistics gets an
 * answer. The program, which needs no more memory, goes on for a while and ends.
 */
#include <malloc.h>
#include <signal.h>
#include <stdatomic.h>

#include "program.h"

enum { kBlocks = 400000 };
static void* blocks[kBlocks];
static atomic_int walks, may_go_on, has_gone_on, answered;
static struct Handshake probe;

static void StayHere(int signal_number) {
  (void)signal_number;
  while (!atomic_load(&may_go_on)) usleep(1000);
  atomic_store(&has_gone_on, 1);
}

/* Nearly all of its time is spent under the lock: there are 200,000 free chunks to walk. */
static void* WalkTheHeap(void* unused) {
  for (;;) {
    struct mallinfo2 info = mallinfo2();
    (void)Escape(&info);
    atomic_fetch_add(&walks, 1);
  }
  return unused;
}

static void* Probe(void* unused) {
  for (;;) {
    HandshakeWait(&probe);
    struct mallinfo2 info = mallinfo2();
    (void)Escape(&info);
    atomic_store(&answered, 1);
  }
  return unused;
}

int main(void) {
  HandshakeOpen(&probe);
  for (int i = 0; i < kBlocks; ++i) blocks[i] = Escape(malloc(168));
  for (int i = 0; i < kBlocks; i += 2) free(blocks[i]);
  signal(SIGUSR1, StayHere);
  pthread_t walker, prober;
  REQUIRE(pthread_create(&walker, NULL, WalkTheHeap, NULL) == 0);
  REQUIRE(pthread_create(&prober, NULL, Probe, NULL) == 0);
  while (atomic_load(&walks) == 0) usleep(100);
  for (;;) { /* until the signal comes at the right moment: then the prober gets no answer */
    atomic_store(&may_go_on, 0);
    atomic_store(&has_gone_on, 0);
    atomic_store(&answered, 0);
    REQUIRE(pthread_kill(walker, SIGUSR1) == 0);
    usleep(20000);
    HandshakeTell(&probe);
    usleep(500000);
    if (!atomic_load(&answered)) break;
    atomic_store(&may_go_on, 1);
    while (!atomic_load(&has_gone_on))
      usleep(1000); /* otherwise it would stay for ever, without the lock */
  }
  sleep(6);
  _exit(0);
}
