// SPDX-License-Identifier: Apache-2.0
//
// Makes a call that may hang on a kernel thread of its own. The caller goes on at once and looks
// for the result later.
//
// Why: asking an allocator for its statistics takes the allocator's locks. A thread of the program
// may never give one back (it waits for ever in a signal handler that interrupted malloc). Then
// this thread waits for ever and nobody else does, because it holds no lock, file or table of ours.
// Why not pthread_create: it allocates, so it could wait for the same lock. The thread is made by
// clone(). It lives for one call, on a stack of ours, and uses the TLS of the thread that starts
// it. So the function must not use thread-local state that its starter uses meanwhile, and the
// starter must not end before Gone().
//
// Zero-filled memory is an idle SideCall.
//
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

  // False: the last call is still under way, or there is no memory.
  [[nodiscard]] bool Start(void (*function)(void*), void* argument);

  // True once the kernel has removed the last thread.
  bool Gone() const { return tid_.load(std::memory_order_acquire) == 0; }

  // For a fork child: the thread does not exist here, and its stack is a copy.
  void Forget();

 private:
  std::atomic<uint32_t> tid_{0};  // the kernel clears it at the very end of the thread
  char* stack_ = nullptr;
};

}  // namespace leaktrack::track

#endif  // LEAKTRACK_LIBTRACK_PLATFORM_OS_SIDE_CALL_H_
