// SPDX-License-Identifier: Apache-2.0
//
// Keeps the library from recording itself, and a signal handler from recording in the middle of a record.
//
// A guard is a ticket: functions that record take `const GuardTicket&`, and only ReentrancyGuard makes one. It blocks
// sampling, never removal: a free inside a hook or a handler must still be settled (a lost free invents a leak).
//
// longjmp: leaving restores the depth found on entry instead of counting down, so whoever is jumped over is repaired
// by the next outer guard. If the outermost guard itself was jumped over (a handler that interrupted the slow path
// left by siglongjmp), the thread would stay guarded for ever; after kAbandonedAfter refusals in a row, all of which
// came from stack above the guard's own frame, it is taken as abandoned. Why not at the first: a handler on an
// alternate stack may lie above, too.
//
// Thread-safety: each thread its own HotThread.   Allocates: never.   Signals: safe.   Fork: the child may go on.
#ifndef LEAKTRACK_LIBTRACK_RECORD_GUARD_H_
#define LEAKTRACK_LIBTRACK_RECORD_GUARD_H_

#include <atomic>

#include "libtrack/record/thread_state.h"

namespace leaktrack::track {

inline constexpr uint32_t kAbandonedAfter = 1024;

class GuardTicket {
 public:
  GuardTicket(const GuardTicket&) = delete;
  GuardTicket& operator=(const GuardTicket&) = delete;

 private:
  friend class ReentrancyGuard;
  GuardTicket() = default;
  char empty_ = 0;  // an empty class would look uninitialised to the compiler
};

class ReentrancyGuard {
 public:
  explicit ReentrancyGuard(HotThread& hot) : hot_(hot), depth_on_entry_(hot.guard_depth) {
    const auto here = reinterpret_cast<uintptr_t>(__builtin_frame_address(0));
    if (depth_on_entry_ != 0) {
      if (here <= hot.guard_frame || ++hot.guard_refusals < kAbandonedAfter) return;
      depth_on_entry_ = 0;  // abandoned by a jump
    }
    hot.guard_frame = here;
    hot.guard_refusals = 0;
    std::atomic_signal_fence(std::memory_order_seq_cst);
    hot.guard_depth = 1;
    entered_ = true;
    std::atomic_signal_fence(std::memory_order_seq_cst);
  }
  ~ReentrancyGuard() {
    if (!entered_) return;
    std::atomic_signal_fence(std::memory_order_seq_cst);
    hot_.guard_depth = depth_on_entry_;
  }
  ReentrancyGuard(const ReentrancyGuard&) = delete;
  ReentrancyGuard& operator=(const ReentrancyGuard&) = delete;

  // False: the thread is inside a hook already; pass the call through and count kNestedAllocations.
  [[nodiscard]] bool entered() const { return entered_; }
  const GuardTicket& ticket() const { return ticket_; }  // only if entered()

 private:
  HotThread& hot_;
  uint32_t depth_on_entry_;
  bool entered_ = false;
  GuardTicket ticket_;
};

}  // namespace leaktrack::track

#endif  // LEAKTRACK_LIBTRACK_RECORD_GUARD_H_
