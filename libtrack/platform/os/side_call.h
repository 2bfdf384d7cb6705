// SPDX-License-Identifier: Apache-2.0
//
// A call that may hang, on a kernel thread of its own: whoever starts it goes on at once and looks
// later.
//
// Why: asking an allocator for its statistics takes the allocator's locks, and a thread of the
// program may never give one back (it waits for ever in a signal handler that interrupted malloc).
// Then this thread waits for ever, and nobody else does: no lock, file or table of ours is held by
// it. Why not pthread_create: that allocates, so it could wait for the same lock. The thread is
// made by clone() and lives on a stack of ours, with the TLS of the thread that starts it, for the
// time of one call. The function may therefore use no thread-local state that its starter uses
// meanwhile, and the starter may not end before Gone().
//
// Zero-filled memory is an idle SideCall.
// Thread-safety: all calls from the one thread that owns it.
// Allocates: its stack from the kernel, once.
// Signals: the call runs with its starter's mask (all blocked).
// Fork: the child calls Forget().
#ifndef LEAKTRACK_LIBTRACK_PLATFORM_OS_SIDE_CALL_H_
#define LEAKTRACK_LIBTRACK_PLATFORM_OS_SIDE_CALL_H_

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace leaktrack::track {

class SideCall {
 public:
  static constexpr size_t kStackBytes = 64 * 1024;

  // False: the last one is still under way, or there is no memory.
  [[nodiscard]] bool Start(void (*function)(void*), void* argument);

  // Has the kernel taken the last thread away?
  bool Gone() const { return tid_.load(std::memory_order_acquire) == 0; }

  // In a fork child: the thread is not here, its stack is a copy.
  void Forget();

 private:
  std::atomic<uint32_t> tid_{0};  // cleared by the kernel at the very end of the thread
  char* stack_ = nullptr;
};

}  // namespace leaktrack::track

#endif  // LEAKTRACK_LIBTRACK_PLATFORM_OS_SIDE_CALL_H_
