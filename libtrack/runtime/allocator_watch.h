// SPDX-License-Identifier: Apache-2.0
//
// Decides when to ask the allocator for its statistics, and never waits for the answer.
//
// Asking may stall the program: glibc walks all free chunks of an arena with its lock held.
// Therefore:
//  * The first question comes kFirstAfterMs after the drainer's start, so short programs are not
//    asked.
//  * A question that took d is followed by a pause of kPauseShare * d, at least kShortestPauseMs.
//    So at most one part in 2,000 of the time is spent on questions, and a thread that wants the
//    lock waits no longer than that share.
//  * A question that took more than kLongestNs of processor time is the last one. So is a question
//    that would be expected to, because the memory has grown. Processor time and not wall time,
//    because a busy machine says nothing about the heap.
//  * The question runs on a thread of its own (SideCall). If a lock never comes back, there are no
//    more answers, and nothing else stops.
// The next epoch's sample and all that follow contain the answer, with the time when it was given.
//
// Thread-safety: the drainer only.
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

  // The drainer has started: the first question is due kFirstAfterMs from now.
  void Begin(uint64_t now_ms) { next_ms_ = now_ms + kFirstAfterMs; }

  // Call it with every epoch. It takes the answer, if there is one, and fills the allocator's
  // fields of `sample`. It asks again if a question is due and `may_ask`.
  void Look(uint64_t now_ms, bool may_ask, MemoryReading* sample);

  // True when no question is under way, so that the drainer's thread may end.
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
  int64_t anonymous_ = 0;  // memory of the process at the last question
  Answer answer_{};        // the side call writes this
  Answer last_{};
};

}  // namespace leaktrack::track

#endif  // LEAKTRACK_LIBTRACK_RUNTIME_ALLOCATOR_WATCH_H_
