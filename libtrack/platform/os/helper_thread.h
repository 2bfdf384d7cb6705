// SPDX-License-Identifier: Apache-2.0
//
// One helper thread inside somebody else's process, as unobtrusive as a thread can be.
//
// It takes no signal: all are blocked before it starts (pitfall E5). Only glibc's two internal
// signals stay open, because setuid() waits until each thread has answered
// (runtime/careful_calls.h). It has a small stack. It has a descriptor table of its own, so that a
// program that closes all descriptors does not close ours, and we never write into the program's
// files (pitfall P4). A robust futex word can tell other processes whether the thread is alive,
// however the process ends.
//
// Thread-safety: Start and the waits may be called from any one thread at a time.
// Allocates: pthread_create allocates the thread's TLS through the program's allocator.
// Signals: unsafe.
// Fork: the child has no helper thread; it may start one.
#ifndef LEAKTRACK_LIBTRACK_PLATFORM_OS_HELPER_THREAD_H_
#define LEAKTRACK_LIBTRACK_PLATFORM_OS_HELPER_THREAD_H_

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace leaktrack::track {

inline constexpr size_t kHelperStackBytes = 256 * 1024;

// Starts a detached thread that runs `main`. False: no thread could be started.
[[nodiscard]] bool StartHelperThread(void* (*main)(void*), void* argument);

// Called by the helper: gives the calling thread its own descriptor table with only `keep_a` and
// `keep_b` (-1: none). False: the kernel refuses, and the table is still the program's.
[[nodiscard]] bool TakePrivateDescriptors(int keep_a, int keep_b);

// Called by the helper: from now on `word` holds the thread's id until SetOwnerGone. If the thread
// dies first (also by SIGKILL, exec or the OOM killer), the kernel sets bit 30 of the word.
void SetOwnerAlive(std::atomic<uint32_t>* word);
void SetOwnerGone(std::atomic<uint32_t>* word);

// Futex wait: until `word` differs from `expected`, a wake-up, or the timeout. It may return
// spuriously.
void WaitWhile(std::atomic<uint32_t>* word, uint32_t expected, uint64_t timeout_ns);
void WakeAll(std::atomic<uint32_t>* word);

}  // namespace leaktrack::track

#endif  // LEAKTRACK_LIBTRACK_PLATFORM_OS_HELPER_THREAD_H_
