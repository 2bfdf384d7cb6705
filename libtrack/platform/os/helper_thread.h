// SPDX-License-Identifier: Apache-2.0
//
// One helper thread inside somebody else's process, as unnoticeable as a thread can be.
//
// It takes no signal (all are blocked before it starts, pitfall E5; glibc's own two stay open:
// setuid() waits until each thread has answered, runtime/careful_calls.h), has a small stack, a
// descriptor table of its own so that a program which closes all descriptors neither closes ours
// nor is written into by us (pitfall P4), and can tell the world by a robust futex word whether it
// still lives, however the process ends.
//
// Thread-safety: Start and the waits may be called from any one thread at a time.
// Allocates: pthread_create allocates the thread's TLS through the program's allocator.
// Signals: unsafe.   Fork: the child has no helper thread; it may start one.
#ifndef LEAKTRACK_LIBTRACK_PLATFORM_OS_HELPER_THREAD_H_
#define LEAKTRACK_LIBTRACK_PLATFORM_OS_HELPER_THREAD_H_

#include <atomic>
#include <cstdint>

namespace leaktrack::track {

inline constexpr size_t kHelperStackBytes = 256 * 1024;

// Starts a detached thread that runs `main`. False if there can be none.
[[nodiscard]] bool StartHelperThread(void* (*main)(void*), void* argument);

// Within the helper: gives the calling thread its own descriptor table that holds nothing but
// `keep_a` and `keep_b` (-1: none). False where the kernel refuses; then the table is still the
// program's.
[[nodiscard]] bool TakePrivateDescriptors(int keep_a, int keep_b);

// Within the helper: from now on `word` holds the thread's id until SetOwnerGone, and the kernel
// raises bit 30 of it if the thread dies first (also by SIGKILL, exec and the OOM killer).
void SetOwnerAlive(std::atomic<uint32_t>* word);
void SetOwnerGone(std::atomic<uint32_t>* word);

// Futex waits: until `word` differs from `expected`, a wake-up, or the timeout. Spurious returns
// happen.
void WaitWhile(std::atomic<uint32_t>* word, uint32_t expected, uint64_t timeout_ns);
void WakeAll(std::atomic<uint32_t>* word);

}  // namespace leaktrack::track

#endif  // LEAKTRACK_LIBTRACK_PLATFORM_OS_HELPER_THREAD_H_
