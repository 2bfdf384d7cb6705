// SPDX-License-Identifier: Apache-2.0
//
// Keeps the library from recording itself, and a signal handler from recording in the middle of a record.
//
// A guard is a ticket: functions that record take `const GuardTicket&`, and only ReentrancyGuard makes one. It blocks
// sampling, never removal: a free inside a hook or a handler must still be settled (a lost free invents a leak).
//
// longjmp: leaving restores the depth found on entry instead of counting down, so whoever is jumped over is repaired
// by the next outer guard. If the outermost guard itself was jumped over (a handler that interrupted the slow path left
// by siglongjmp), the next entries find it abandoned (guard.cc): a guard lies on the stack with a mark in it that only it
// would remove, so where the mark is overwritten, or the stack gone, the guard is dead; and on the thread's own stack
// nobody can be above one that lives. Where neither can be said (a coroutine that was suspended within a hook, a seccomp
// filter), kAbandonedAfter refusals in a row must come first.
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
  // Always inlined: the frame and the return address are those of the function that the guard lives in.
  [[gnu::always_inline]] explicit ReentrancyGuard(HotThread& hot) : hot_(hot), depth_on_entry_(hot.guard_depth) {
    const auto frame = reinterpret_cast<uintptr_t>(__builtin_frame_address(0));
    if (depth_on_entry_ != 0) {
      if (!OtherIsAbandoned(frame)) return;
      depth_on_entry_ = 0;
    }
    // The place is 0 while the rest is not yet true: whoever interrupts us then takes us for alive.
    hot.guard_place = nullptr;
    std::atomic_signal_fence(std::memory_order_seq_cst);
    hot.guard_depth = 1;
    hot.guard_frame = frame;
    hot.guard_refusals = 0;
    mark_ = MarkOf(++hot.guard_serial);
    caller_ = reinterpret_cast<uintptr_t>(__builtin_return_address(0));
    std::atomic_signal_fence(std::memory_order_seq_cst);
    hot.guard_place = this;
    entered_ = true;
    std::atomic_signal_fence(std::memory_order_seq_cst);
  }
  ~ReentrancyGuard() {
    if (!entered_) return;
    std::atomic_signal_fence(std::memory_order_seq_cst);
    hot_.guard_place = nullptr;
    hot_.guard_depth = depth_on_entry_;
    mark_ = 0;
  }
  ReentrancyGuard(const ReentrancyGuard&) = delete;
  ReentrancyGuard& operator=(const ReentrancyGuard&) = delete;

  // False: the thread is inside a hook already; pass the call through and count kNestedAllocations.
  [[nodiscard]] bool entered() const { return entered_; }
  const GuardTicket& ticket() const { return ticket_; }  // only if entered()

 private:
  static uint64_t MarkOf(uint32_t serial) { return 0x6c65'616b'0000'0000 | serial; }
  bool OtherIsAbandoned(uintptr_t frame) const;

  HotThread& hot_;
  volatile uint64_t mark_;     // read where guard_place says that a guard lies
  volatile uintptr_t caller_;  // the return address that the frame of a living guard has above it
  uint32_t depth_on_entry_;
  bool entered_ = false;
  GuardTicket ticket_;
};

}  // namespace leaktrack::track

#endif  // LEAKTRACK_LIBTRACK_RECORD_GUARD_H_
