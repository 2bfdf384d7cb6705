// SPDX-License-Identifier: Apache-2.0
//
// Keeps the library from recording itself, and a signal handler from recording in the middle of a
// record.
//
// A guard is a ticket: functions that record take `const GuardTicket&`, and only a guard makes one.
// It blocks sampling, never removal: a free inside a hook or a handler must still be settled (a
// lost free invents a leak).
//
// A guard is held where HotThread::guard_place points to it: one instruction takes it, one gives it
// back. longjmp: if the guard itself was jumped over (a handler that interrupted the slow path left
// by siglongjmp), the next entries find it abandoned (guard.cc): it lies on the stack with a mark
// in it that only it would remove, so where the mark is overwritten, or the stack gone, the guard
// is dead; and on the thread's own stack nobody can be above one that lives. Coroutines: where
// neither can be said (one that was suspended within a hook, a seccomp filter), kAbandonedAfter
// refusals in a row must come first. As it may live after all, and go on some day, it keeps the
// thread's state, and the thread gets another one: two that walk the stack with one state crash. At
// most kMostTakenOver times per thread.
//
// Thread-safety: each thread its own HotThread.
// Allocates: never.
// Signals: safe.
// Fork: the child may go on.
#ifndef LEAKTRACK_LIBTRACK_RECORD_GUARD_H_
#define LEAKTRACK_LIBTRACK_RECORD_GUARD_H_

#include <atomic>
#include <cstdint>

#include "libtrack/capture/dcheck.h"
#include "libtrack/record/thread_state.h"

namespace leaktrack::track {

inline constexpr uint32_t kAbandonedAfter = 1024;
inline constexpr uint32_t kMostTakenOver =
    16;  // a state has up to 16 KiB, and its tables in exact mode

class GuardTicket {
 public:
  GuardTicket(const GuardTicket&) = delete;
  GuardTicket& operator=(const GuardTicket&) = delete;

 private:
  template <typename Thread>
  friend class BasicGuard;
  GuardTicket() = default;
  char empty_ = 0;  // an empty class would look uninitialised to the compiler
};

// What others find where guard_place points to.
class GuardPlace {
 public:
  // Always inlined: the frame and the return address are those of the function that the guard lives
  // in.
  [[gnu::always_inline]] GuardPlace()
      : mark_(MarkOf(this)),
        frame_(reinterpret_cast<uintptr_t>(__builtin_frame_address(0))),
        caller_(reinterpret_cast<uintptr_t>(__builtin_return_address(0))) {}
  GuardPlace(const GuardPlace&) = delete;
  GuardPlace& operator=(const GuardPlace&) = delete;

 protected:
  [[gnu::always_inline]] void Enter(HotThread& hot) {
    const void* other = nullptr;
    if (Replace(hot.guard_place, other, this)) [[likely]] {
      hot.guard_refusals = 0;
    } else {
      TakeOver(hot, other);
    }
  }
  [[gnu::always_inline]] void Leave(HotThread& hot) {
    const void* expected = this;
    Replace(hot.guard_place, expected, nullptr);
    mark_ = 0;
  }

 private:
  static uint64_t MarkOf(const void* place) {
    return 0x6c65'616b'7472'6163 ^ reinterpret_cast<uintptr_t>(place);
  }
  // One instruction, which no handler can interrupt; not locked, as no other thread takes part.
  // False: `expected` is what was there.
  static bool Replace(const void* volatile& place, const void*& expected, const void* desired) {
    bool replaced;
    __asm__ volatile("cmpxchgq %3, %1"
                     : "=@ccz"(replaced), "+m"(place), "+a"(expected)
                     : "r"(desired)
                     : "memory");
    return replaced;
  }
  void TakeOver(HotThread& hot, const void* place);

  volatile uint64_t mark_;     // read where guard_place says that a guard lies
  volatile uintptr_t frame_;   // of the function that the guard lives in,
  volatile uintptr_t caller_;  // and the return address above it
};

// `Thread` says whose it is.
template <typename Thread>
class BasicGuard : private GuardPlace {
 public:
  [[gnu::always_inline]] explicit BasicGuard(Thread thread = {}) : thread_(thread) {
    Enter(thread_.hot());
  }
  [[gnu::always_inline]] ~BasicGuard() { Leave(thread_.hot()); }

  // Only if held(), or taken over since.
  const GuardTicket& ticket() const {
    LEAKTRACK_DCHECK(held() || thread_.hot().guards_taken_over != 0);
    return ticket_;
  }
  // False: the thread is inside a hook already; pass the call through and count kNestedAllocations.
  // Or the guard was taken over since: the thread's state, if it was read since the guard was
  // entered, may be another's.
  [[nodiscard]] bool held() const {
    return thread_.hot().guard_place == static_cast<const GuardPlace*>(this);
  }
  ThreadState* IfStillHeld(ThreadState* state) const {
    std::atomic_signal_fence(std::memory_order_seq_cst);  // the state is read first
    return held() ? state : nullptr;
  }

 private:
  [[no_unique_address]] Thread thread_;
  [[no_unique_address]] GuardTicket ticket_;
};

// The hooks', at the cost of a register.
struct ThisThread {
  HotThread& hot() const { return hot_thread; }
};
using HookGuard = BasicGuard<ThisThread>;

// Of a thread that is named: for one thread that acts for several, as tests and models do.
struct NamedThread {
  NamedThread(HotThread& hot) : hot_(&hot) {}  // NOLINT(google-explicit-constructor)
  HotThread& hot() const { return *hot_; }

 private:
  HotThread* hot_;
};
using NamedGuard = BasicGuard<NamedThread>;

}  // namespace leaktrack::track

#endif  // LEAKTRACK_LIBTRACK_RECORD_GUARD_H_
