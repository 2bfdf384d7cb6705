// SPDX-License-Identifier: Apache-2.0
// The victim of kill_test.py and oom_test.py. It allocates and frees in several threads until it is
// killed, and records in a shared file of its own what it knows to be alive.
//
//   kill_victim LEDGER SEED THREADS [PAUSE]
//
// With PAUSE the first thread leaks instead: it touches what it takes, and waits that many us after
// every 64 KiB, until the OOM killer comes. LEDGER holds one 64-byte entry per thread. A thread
// sets `doing` to the change that it is about to make, makes it, books it and clears `doing`. So at
// whatever moment the kill comes, the truth is the booked sum, give or take that one operation.
#include <fcntl.h>
#include <sys/mman.h>

#include <atomic>
#include <cstdint>
#include <cstdio>
#include <cstring>

#include "program.h"

namespace {

enum Operation : uint32_t { kNothing = 0, kAllocate = 1, kFree = 2, kReallocate = 3 };

struct alignas(64) Entry {
  std::atomic<int64_t> live_bytes;
  std::atomic<int64_t> live_blocks;
  std::atomic<uint32_t> operation;    // what may or may not have happened yet
  std::atomic<int64_t> bytes_before;  // of the block in question
  std::atomic<int64_t> bytes_after;
  std::atomic<uint64_t> operations;  // done so far
};
static_assert(sizeof(Entry) == 64);

constexpr int kSlots = 512;

struct Random {
  uint64_t state;
  uint64_t operator()() {
    state = state * 6364136223846793005u + 1442695040888963407u;
    return state >> 33;
  }
};

// Mostly small and some large, so that sampled runs have both rare and certain samples.
size_t RandomSize(Random& random) {
  const uint64_t draw = random();
  return draw % 64 == 0 ? 20000 + draw % 100000 : 16 + draw % 2000;
}

struct Thread {
  Entry* entry;
  Random random;
  void* blocks[kSlots];
  int64_t sizes[kSlots];

  void Begin(Operation operation, int64_t before, int64_t after) {
    entry->bytes_before.store(before, std::memory_order_relaxed);
    entry->bytes_after.store(after, std::memory_order_relaxed);
    entry->operation.store(operation, std::memory_order_release);
    std::atomic_signal_fence(std::memory_order_seq_cst);
  }

  // Not atomic as a whole: a kill between two stores leaves `operation` set, and the reader allows
  // for that.
  void Done(int64_t bytes, int64_t blocks) {
    std::atomic_signal_fence(std::memory_order_seq_cst);
    entry->live_bytes.fetch_add(bytes, std::memory_order_relaxed);
    entry->live_blocks.fetch_add(blocks, std::memory_order_relaxed);
    entry->operations.fetch_add(1, std::memory_order_relaxed);
    entry->operation.store(kNothing, std::memory_order_release);
  }
};

NOINLINE void VictimAllocates(Thread& thread, int slot) {
  const auto size = static_cast<int64_t>(RandomSize(thread.random));
  thread.Begin(kAllocate, 0, size);
  thread.blocks[slot] = Escape(malloc(static_cast<size_t>(size)));
  thread.sizes[slot] = size;
  thread.Done(size, 1);
}

NOINLINE void VictimFrees(Thread& thread, int slot) {
  thread.Begin(kFree, thread.sizes[slot], 0);
  free(thread.blocks[slot]);
  thread.blocks[slot] = nullptr;
  thread.Done(-thread.sizes[slot], -1);
}

NOINLINE void VictimReallocates(Thread& thread, int slot) {
  const auto size = static_cast<int64_t>(RandomSize(thread.random));
  thread.Begin(kReallocate, thread.sizes[slot], size);
  thread.blocks[slot] = Escape(realloc(thread.blocks[slot], static_cast<size_t>(size)));
  const int64_t before = thread.sizes[slot];
  thread.sizes[slot] = size;
  thread.Done(size - before, 0);
}

NOINLINE void VictimLeaks(Thread& thread) {
  const auto size = static_cast<int64_t>(RandomSize(thread.random));
  thread.Begin(kAllocate, 0, size);
  memset(Escape(malloc(static_cast<size_t>(size))), 1, static_cast<size_t>(size));
  thread.Done(size, 1);
}

useconds_t g_pause_us = 0;

void* Leak(void* argument) {
  auto& thread = *static_cast<Thread*>(argument);
  for (int64_t wait_at = 0;;) {
    VictimLeaks(thread);
    const int64_t taken = thread.entry->live_bytes.load(std::memory_order_relaxed);
    if (taken < wait_at) continue;
    wait_at = taken + 64 * 1024;
    usleep(g_pause_us);
  }
}

void* Work(void* argument) {
  auto& thread = *static_cast<Thread*>(argument);
  for (;;) {
    const int slot = static_cast<int>(thread.random() % kSlots);
    if (thread.blocks[slot] == nullptr)
      VictimAllocates(thread, slot);
    else if (thread.random() % 4 == 0)
      VictimReallocates(thread, slot);
    else
      VictimFrees(thread, slot);
  }
}

}  // namespace

int main(int argc, char** argv) {
  REQUIRE(argc == 4 || argc == 5);
  if (argc == 5) g_pause_us = static_cast<useconds_t>(atoi(argv[4]));
  const int file = open(argv[1], O_RDWR);
  const int threads = atoi(argv[3]);
  REQUIRE(file >= 0 && threads > 0 && threads <= 16);
  auto* ledger = static_cast<Entry*>(mmap(nullptr, sizeof(Entry) * static_cast<size_t>(threads),
                                          PROT_READ | PROT_WRITE, MAP_SHARED, file, 0));
  REQUIRE(ledger != MAP_FAILED);
  static Thread state[16];
  for (int i = 0; i < threads; ++i) {
    state[i].entry = &ledger[i];
    state[i].random.state =
        strtoull(argv[2], nullptr, 10) * 1000003 + static_cast<uint64_t>(i) * 7919 + 1;
    pthread_t thread;
    REQUIRE(pthread_create(&thread, nullptr, argc == 5 && i == 0 ? Leak : Work, &state[i]) == 0);
  }
  REQUIRE(write(1, "r", 1) == 1);  // tells the tester that the clock may start
  for (;;) pause();
}
