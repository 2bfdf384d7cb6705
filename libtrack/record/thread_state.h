// SPDX-License-Identifier: Apache-2.0
//
// What the library keeps for each thread: a few hot words in TLS, and a private block for those
// that sample.
//
// HotThread is the library's only TLS variable. An interposer reads nothing else on the unsampled
// path:
// Why so small: initial-exec TLS comes out of the few hundred bytes that ld.so sets aside (pitfall
// T2). Zero is the safe state: a zero countdown takes the slow path, which draws before it judges;
// a null state means that the thread has recorded nothing yet. Nothing has a destructor: a thread
// may free after its end was seen (T5).
//     if (size < hot_thread.countdown) { hot_thread.countdown -= size; return real_malloc(size); }
//     // tail call return MallocSlow(size);
//
// ThreadState is ordinary private memory from ThreadStatePool; zero-filled memory is a valid one,
// of no generation.
//
// Thread-safety: HotThread and ThreadState belong to one thread; ThreadStatePool is lock-free, any
// thread.
// Allocates: never (slabs are handed in).
// Signals: safe.
// Fork: a state from before the fork is recognised by its `generation` and starts afresh at its
// first use.
#ifndef LEAKTRACK_LIBTRACK_RECORD_THREAD_STATE_H_
#define LEAKTRACK_LIBTRACK_RECORD_THREAD_STATE_H_

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "libtrack/capture/recorder_layout.h"
#include "libtrack/platform/walk/stack_cache.h"
#include "libtrack/platform/walk/unwinder.h"
#include "libtrack/record/sampler.h"

namespace leaktrack::track {

struct ThreadState;

struct HotThread {
  uint64_t countdown;  // an allocation of `size` bytes is sampled if size >= countdown; 0: nothing
                       // drawn yet
  ThreadState* state;  // null until the first slow path
  const void* volatile guard_place;  // where the guard lies that is held (guard.h); null: the
                                     // thread is in nobody's hook
  uint32_t guard_refusals;           // consecutive refused entries
  uint32_t guards_taken_over;        // of which nobody knew whether they live
  uint32_t flags;                    // the runtime's own (thread is ending, ...)
};
static_assert(sizeof(HotThread) <= 64,
              "TLS is scarce in a preloaded library: put it into ThreadState instead");

extern __thread HotThread hot_thread __attribute__((tls_model("initial-exec")));

// The cells that this thread alone adds to (exact mode; cells.h), by open addressing: site << 8 |
// band; 0: a free place. When the places do not do any more, all move to a table eight times as
// large, which stays the state's for the rest of the run (a fork child's begins small again).
// Whatever is stored, a handler may jump away after it: a key comes after its cell.
struct OwnCells {
  struct Entry {
    uint64_t key;
    capture::Cell* cell;
  };
  static constexpr uint32_t kFewBits = 7;
  static constexpr uint32_t kMostBits = 16;
  static constexpr uint32_t kProbes = 4;

  void Clear();
  bool may_grow() const { return shift > 64 - kMostBits && !refused; }
  size_t BytesOfLarger() const { return sizeof(Entry) << (64 - shift + 3); }
  void MoveTo(Entry* larger);  // zero-filled
  static void Put(Entry& place, uint64_t key, capture::Cell* cell) {
    place.cell = cell;
    std::atomic_signal_fence(std::memory_order_seq_cst);
    place.key = key;
  }

  // The upper bits of the product: sites that follow each other come to lie far apart.
  uint64_t HomeOf(uint64_t key) const { return (key * 0x9e37'79b9'7f4a'7c15ULL) >> shift; }
  Entry& PlaceOf(uint64_t key, uint32_t probe) {
    return entries[(HomeOf(key) + probe) & (UINT64_MAX >> shift)];
  }

  Entry* entries;
  uint32_t shift;          // 64 less the bits of a place's number
  bool refused;            // there was no memory for a larger table
  capture::Cell* counter;  // of kCounterKey; null: none yet
  uint32_t next_number,
      end_number;  // cells of the recorder that are this thread's and have no key yet
  Entry few[1 << kFewBits];
};

struct alignas(64) ThreadState {
  uint64_t
      generation;  // the Tracker binding it was used with; another one: everything below is stale
  Sampler sampler;
  capture::ThreadBlock*
      block;  // this thread's ring in the recorder, or null: the common ring is used
  std::atomic<ThreadState*> next_free;  // ThreadStatePool's
  uint64_t runtime_words[4];            // the runtime's own
  StackCache*
      stacks;  // sites of heap blocks by their stacks (exact mode); null: none yet, or no memory
  OwnCells cells;
  capture::Frame frames[kMaxFrames];
  UnwindMemo memo;
};
static_assert(sizeof(ThreadState) <= 16 * 1024,
              "a program with 1,000 threads pays this 1,000 times");

// Hands out ThreadStates and takes them back; threads may come and go by the hundred thousand.
class ThreadStatePool {
 public:
  // Adds zero-filled, 64-byte aligned memory, for good. Returns how many states it holds.
  size_t AddSlab(void* memory, size_t bytes);

  // Null when all are in use: add a slab and try again, or count the thread as lost.
  [[nodiscard]] ThreadState* Acquire();
  void Release(ThreadState* state);

 private:
  // A Treiber stack; the upper bits count changes, so that a state popped and pushed back meanwhile
  // is noticed.
  std::atomic<uint64_t> head_{0};
};

}  // namespace leaktrack::track

#endif  // LEAKTRACK_LIBTRACK_RECORD_THREAD_STATE_H_
