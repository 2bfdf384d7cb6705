// SPDX-License-Identifier: Apache-2.0
//
// When to ask the allocator for its statistics, and never to wait for the answer.
//
// Asking may stall the program: glibc walks all free chunks of an arena with its lock held. So:
//   * the first question comes kFirstAfterMs after the drainer's start: short programs are never
//   asked; * after a question that took d follows a pause of kPauseShare * d, at least
//   kShortestPauseMs: at most one part in
//     2,000 of the time is spent on it, and no thread that wants the lock can wait for longer than
//     that share;
//   * a question that took more than kLongestNs of processor time is the last one, and so is one
//   that would be expected
//     to, because the memory has grown since. Processor time, not wall time: a busy machine says
//     nothing of the heap.
// The answer is in the next epoch's sample and in all that follow, with the time when it was given.
//   * it is asked on a thread of its own (SideCall): if a lock is never given back, no more is
//   heard and nothing else stops.
//
// Thread-safety: the drainer's own.
// Allocates: never.
// Signals: none.
// Fork: the child calls Forget().
#ifndef LEAKTRACK_LIBTRACK_RUNTIME_ALLOCATOR_WATCH_H_
#define LEAKTRACK_LIBTRACK_RUNTIME_ALLOCATOR_WATCH_H_

#include <cstdint>

#include "libtrack/platform/os/process_memory.h"
#include "libtrack/platform/os/side_call.h"
#include "libtrack/platform/real/allocator_statistics.h"

namespace leaktrack::track {

class AllocatorWatch {
 public:
  static constexpr uint64_t kFirstAfterMs = 3'000;
  static constexpr uint64_t kShortestPauseMs = 5'000;
  static constexpr uint64_t kPauseShare = 2'000;
  static constexpr int64_t kLongestNs = 2'000'000;

  // The drainer starts: the first question is due kFirstAfterMs from now.
  void Begin(uint64_t now_ms) { next_ms_ = now_ms + kFirstAfterMs; }

  // With every epoch: takes the answer, if there is one, fills the allocator's fields of `sample`,
  // and asks again if it is time and `may_ask`.
  void Look(uint64_t now_ms, bool may_ask, MemoryReading* sample);

  // True when no question is under way: the drainer's thread may end.
  bool Gone() const { return call_.Gone(); }
  bool given_up() const { return given_up_; }

  void Forget();

 private:
  struct Answer {
    AllocatorReading reading;
    uint64_t wall_ns = 0, processor_ns = 0;
  };
  static void Ask(void* self);
  void TakeAnswer(uint64_t now_ms, const MemoryReading& sample);
  bool WouldTakeTooLong(const MemoryReading& sample) const;

  SideCall call_{};
  bool asked_ = false;
  bool given_up_ = false;
  uint64_t next_ms_ = 0, asked_ms_ = 0, read_ms_ = 0;
  int64_t anonymous_ = 0;  // memory of the process when it was last asked
  Answer answer_{};        // written by the side call
  Answer last_{};
};

}  // namespace leaktrack::track

#endif  // LEAKTRACK_LIBTRACK_RUNTIME_ALLOCATOR_WATCH_H_
