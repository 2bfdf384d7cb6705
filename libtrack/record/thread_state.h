// SPDX-License-Identifier: Apache-2.0
//
// What the library keeps for each thread: a few hot words in TLS, and a private block for each
// thread that samples.
//
// HotThread is the library's only TLS variable. An interposer reads nothing else on the unsampled
// path:
//    if (size < hot_thread.countdown) { hot_thread.countdown -= size; return real_malloc(size); }
//    return MallocSlow(size);  (a tail call)
//
// Why so small: initial-exec TLS comes out of the few hundred bytes that ld.so sets aside (pitfall
// T2). Zero is the safe state: a zero countdown takes the slow path, which draws before it judges,
// and a null state means that the thread has recorded nothing yet. Nothing has a destructor,
// because a thread may still free after its end was seen (pitfall T5).
//
// ThreadState is ordinary private memory from ThreadStatePool. Zero-filled memory is a valid
// ThreadState of no generation.
//
// Thread-safety: HotThread and ThreadState: one thread; ThreadStatePool: any thread, lock-free.
// Allocates: never (slabs are handed in).
// Signals: safe.
// Fork: a state from before the fork has another `generation` and is reset at its first use.
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
  // An allocation of `size` bytes is sampled if size >= countdown. 0: no budget drawn yet.
  uint64_t countdown;
  ThreadState* state;  // null until the first slow path
  // The guard that is held (guard.h). Null: the thread is in no hook.
  const void* volatile guard_place;
  uint32_t guard_refusals;     // consecutive refused entries
  uint32_t guards_taken_over;  // taken over although their owner may live
  uint32_t flags;              // used by the runtime (thread is ending, ...)
};
static_assert(sizeof(HotThread) <= 64,
              "TLS is scarce in a preloaded library: put it into ThreadState instead");

extern __thread HotThread hot_thread __attribute__((tls_model("initial-exec")));

// In HotThread::flags, above the runtime's own: how often the program has said that what this
// thread allocates is nobody's leak, and has not taken it back.
inline constexpr uint32_t kOneExcuse = 1 << 16;
inline bool IsExcused(const HotThread& hot) { return hot.flags >= kOneExcuse; }

// The cells that only this thread adds to (exact mode; cells.h). A table with open addressing; a
// key is site << 8 | band, and 0 is a free slot. When its slots no longer suffice, all entries move
// to a table eight times as large. The larger table stays with the state for the rest of the run;
// in a fork child the state begins small again. A handler may jump away after any store, so an
// entry's cell is stored before its key.
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
  void MoveTo(Entry* larger);  // `larger` is zero-filled
  static void Put(Entry& place, uint64_t key, capture::Cell* cell) {
    place.cell = cell;
    std::atomic_signal_fence(std::memory_order_seq_cst);
    place.key = key;
  }

  // The upper bits of the product, so that consecutive sites lie far apart.
  uint64_t HomeOf(uint64_t key) const { return (key * 0x9e37'79b9'7f4a'7c15ULL) >> shift; }
  Entry& PlaceOf(uint64_t key, uint32_t probe) {
    return entries[(HomeOf(key) + probe) & (UINT64_MAX >> shift)];
  }

  Entry* entries;
  uint32_t shift;          // 64 minus the bits of a slot number
  bool refused;            // there was no memory for a larger table
  capture::Cell* counter;  // the cell of kCounterKey; null: none yet
  // Reserved cells of the recorder that belong to this thread and have no key yet.
  uint32_t next_number, end_number;
  Entry few[1 << kFewBits];
};

struct alignas(64) ThreadState {
  // The Tracker binding that used this state. If it is another one, everything below is stale.
  uint64_t generation;
  Sampler sampler;
  // This thread's ring in the recorder. Null: the thread uses the common ring.
  capture::ThreadBlock* block;
  std::atomic<ThreadState*> next_free;  // used by ThreadStatePool
  uint64_t runtime_words[4];            // used by the runtime
  // Sites of heap blocks by their stacks (exact mode). Null: none yet, or no memory.
  StackCache* stacks;
  OwnCells cells;
  capture::Frame frames[kMaxFrames];
  UnwindMemo memo;
};
static_assert(sizeof(ThreadState) <= 16 * 1024,
              "a program with 1,000 threads pays this 1,000 times");

// Hands out ThreadStates and takes them back. Threads may come and go by the hundred thousand.
class ThreadStatePool {
 public:
  // Adds zero-filled, 64-byte aligned memory, for good. Returns how many states it holds.
  size_t AddSlab(void* memory, size_t bytes);

  // Null when all are in use: add a slab and try again, or count the thread as lost.
  [[nodiscard]] ThreadState* Acquire();
  void Release(ThreadState* state);

 private:
  // A Treiber stack. The upper bits count changes, to detect that a state was popped and pushed
  // back meanwhile.
  std::atomic<uint64_t> head_{0};
};

}  // namespace leaktrack::track

#endif  // LEAKTRACK_LIBTRACK_RECORD_THREAD_STATE_H_
