// SPDX-License-Identifier: Apache-2.0
#include "libtrack/record/thread_state.h"

#include "libtrack/capture/dcheck.h"

namespace leaktrack::track {

constinit __thread HotThread hot_thread = {};

void OwnCells::Clear() {
  entries = few;
  shift = 64 - kFewBits;
  refused = false;
  counter = nullptr;
  next_number = end_number = 0;
  for (Entry& entry : few) entry = {};
}

void OwnCells::MoveTo(Entry* larger) {
  static_assert((kMostBits - kFewBits) % 3 == 0);
  LEAKTRACK_DCHECK(shift > 64 - kMostBits);
  LEAKTRACK_DCHECK(larger->key == 0);
  const Entry* const old = entries;
  const size_t old_places = size_t{1} << (64 - shift);
  entries = larger;
  std::atomic_signal_fence(std::memory_order_seq_cst);  // the old slots must never be used with the
                                                        // larger number of bits
  shift -= 3;
  for (size_t i = 0; i < old_places; ++i) {
    uint32_t probe = 0;
    while (old[i].key != 0 && probe < kProbes && PlaceOf(old[i].key, probe).key != 0) ++probe;
    if (old[i].key != 0 && probe < kProbes)
      // If it finds no slot, its cell keeps the sums, and the key gets another cell.
      Put(PlaceOf(old[i].key, probe), old[i].key, old[i].cell);
  }
}

namespace {

// A state's address has 47 bits, and the lowest 6 are zero. The 23 bits above count changes.
constexpr unsigned kAddressBits = 41;
constexpr uint64_t kAddressMask = (uint64_t{1} << kAddressBits) - 1;

ThreadState* StateOf(uint64_t head) {
  return reinterpret_cast<ThreadState*>((head & kAddressMask) << 6);
}

uint64_t Head(const ThreadState* state, uint64_t before) {
  const uint64_t changes = (before >> kAddressBits) + 1;
  return (changes << kAddressBits) | (reinterpret_cast<uintptr_t>(state) >> 6);
}

}  // namespace

size_t ThreadStatePool::AddSlab(void* memory, size_t bytes) {
  LEAKTRACK_DCHECK(reinterpret_cast<uintptr_t>(memory) % alignof(ThreadState) == 0);
  ThreadState* const states = static_cast<ThreadState*>(memory);
  const size_t count = bytes / sizeof(ThreadState);
  for (size_t i = count; i > 0; --i) Release(&states[i - 1]);
  return count;
}

ThreadState* ThreadStatePool::Acquire() {
  uint64_t head = head_.load(std::memory_order_acquire);
  while (ThreadState* const state = StateOf(head)) {
    // This may be another thread's state by now. Then the exchange fails and the value is
    // discarded.
    ThreadState* const next = state->next_free.load(std::memory_order_relaxed);
    if (head_.compare_exchange_weak(head, Head(next, head), std::memory_order_acq_rel,
                                    std::memory_order_acquire)) {
      return state;
    }
  }
  return nullptr;
}

void ThreadStatePool::Release(ThreadState* state) {
  LEAKTRACK_DCHECK(state != nullptr && StateOf(Head(state, 0)) == state);
  uint64_t head = head_.load(std::memory_order_relaxed);
  do {
    state->next_free.store(StateOf(head), std::memory_order_relaxed);
  } while (!head_.compare_exchange_weak(head, Head(state, head), std::memory_order_release,
                                        std::memory_order_relaxed));
}

}  // namespace leaktrack::track
