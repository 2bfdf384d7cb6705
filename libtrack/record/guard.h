// SPDX-License-Identifier: Apache-2.0
//
// Keeps the library from recording its own calls, and keeps a signal handler from recording while
// the thread is already inside a hook.
//
// A guard is a ticket. Functions that record take `const GuardTicket&`, and only a guard can create
// one. The guard blocks sampling, never removal: a free inside a hook or a handler must still be
// settled, because a lost free looks like a leak.
//
// A guard is held while HotThread::guard_place points to it. One instruction acquires it, and one
// releases it.
//
// Abandoned guards. A signal handler that interrupted the slow path may leave by siglongjmp and
// jump over the guard. The next entries detect that (guard.cc). The guard lies on the stack and
// contains a mark that only its destructor removes. If the mark is overwritten, or the stack is
// gone, the guard is dead. On the thread's own stack, a guard is also dead if a caller further out
// enters a hook.
//
// Coroutines. Where none of these checks decides (a coroutine was suspended inside a hook, or a
// seccomp filter forbids the checks), the guard is taken over after kAbandonedAfter refusals in a
// row. Its owner may still resume one day. So the old guard keeps the thread's state and the thread
// gets a new state: two stack walks that share one state crash. A thread takes over at most
// kMostTakenOver guards this way.
//
// Thread-safety: each thread uses its own HotThread.
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
// Each costs a state of up to 16 KiB, and its tables in exact mode.
inline constexpr uint32_t kMostTakenOver = 16;

class GuardTicket {
 public:
  GuardTicket(const GuardTicket&) = delete;
  GuardTicket& operator=(const GuardTicket&) = delete;

 private:
  template <typename Thread>
  friend class BasicGuard;
  GuardTicket() = default;
  // An empty class would look uninitialised to the compiler.
  char empty_ = 0;
};

// The object that guard_place points to. Later entries read it.
class GuardPlace {
 public:
  // Always inlined, so that the frame and the return address belong to the function in which the
  // guard lives.
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
  // One instruction, so no handler can interrupt it. It has no lock prefix, because no other thread
  // takes part. If it returns false, `expected` holds the value that was found.
  static bool Replace(const void* volatile& place, const void*& expected, const void* desired) {
    bool replaced;
    __asm__ volatile("cmpxchgq %3, %1"
                     : "=@ccz"(replaced), "+m"(place), "+a"(expected)
                     : "r"(desired)
                     : "memory");
    return replaced;
  }
  void TakeOver(HotThread& hot, const void* place);

  // Later entries read these three through guard_place.
  volatile uint64_t mark_;
  volatile uintptr_t frame_;   // frame of the function in which the guard lives
  volatile uintptr_t caller_;  // return address of that function
};

// `Thread` names the thread that the guard belongs to.
template <typename Thread>
class BasicGuard : private GuardPlace {
 public:
  [[gnu::always_inline]] explicit BasicGuard(Thread thread = {}) : thread_(thread) {
    Enter(thread_.hot());
  }
  [[gnu::always_inline]] ~BasicGuard() { Leave(thread_.hot()); }

  // Valid only if held(), or if the guard was taken over meanwhile.
  const GuardTicket& ticket() const {
    LEAKTRACK_DCHECK(held() || thread_.hot().guards_taken_over != 0);
    return ticket_;
  }
  // False means one of two things. The thread is already inside a hook: pass the call through and
  // count kNestedAllocations. Or the guard was taken over meanwhile: a thread state that was read
  // after the guard was entered may belong to somebody else.
  [[nodiscard]] bool held() const {
    return thread_.hot().guard_place == static_cast<const GuardPlace*>(this);
  }
  ThreadState* IfStillHeld(ThreadState* state) const {
    std::atomic_signal_fence(std::memory_order_seq_cst);  // the state is read before the check
    return held() ? state : nullptr;
  }

 private:
  [[no_unique_address]] Thread thread_;
  [[no_unique_address]] GuardTicket ticket_;
};

// The calling thread. The hooks use this; it costs a register.
struct ThisThread {
  HotThread& hot() const { return hot_thread; }
};
using HookGuard = BasicGuard<ThisThread>;

// A thread given by name. Tests and models use this where one thread acts for several.
struct NamedThread {
  NamedThread(HotThread& hot) : hot_(&hot) {}  // NOLINT(google-explicit-constructor)
  HotThread& hot() const { return *hot_; }

 private:
  HotThread* hot_;
};
using NamedGuard = BasicGuard<NamedThread>;

}  // namespace leaktrack::track

#endif  // LEAKTRACK_LIBTRACK_RECORD_GUARD_H_
