// SPDX-License-Identifier: Apache-2.0
//
// Gives each thread that samples its private state, and takes the state back when the thread has
// ended.
//
// Threads do not announce their end. When no state is left for a new thread, the states of threads
// that the kernel no longer knows are taken back. Why no pthread key: destructors of other keys run
// after ours, in any of four rounds, and allocate (pitfall T5). A thread may even allocate for the
// first time in the last round.
//
// Thread-safety: yes.
// Allocates: slabs from the kernel.
// Signals: AttachThread only with the guard held.
// Fork: states carry over; Tracker renews them.
#ifndef LEAKTRACK_LIBTRACK_RUNTIME_THREADS_H_
#define LEAKTRACK_LIBTRACK_RUNTIME_THREADS_H_

#include <cstddef>
#include <cstdint>

#include "libtrack/record/tracker.h"

namespace leaktrack::track {

// Called once, from the constructor.
void PrepareThreads(Tracker* tracker);

// Where the calling thread's thread-local storage ends, and its descriptor begins.
inline uint64_t ThreadPointer() {
  uint64_t pointer;
  __asm__("movq %%fs:0, %0" : "=r"(pointer));
  return pointer;
}

// The calling thread's state, created at its first use. nullptr: no memory.
ThreadState* AttachThread(HotThread& hot);

// Called by the drainer. If memory for a thread was refused, threads of the program do not ask
// again until this function has got some.
void RetryThreadMemory();

// Zero-filled pages that are never given back. Null: there are none.
void* PrivateMemory(size_t bytes);

// For a fork child: the calling thread, and its state if it has one, now have another thread id.
void AdoptThreadAfterFork(HotThread& hot);

// Called by a thread of the library's own: whatever it makes the allocator do is never recorded.
void NeverRecordThread(HotThread& hot);
inline constexpr uint32_t kOurOwnThread = 2;  // HotThread::flags
inline bool IsOurOwnThread(const HotThread& hot) { return (hot.flags & kOurOwnThread) != 0; }

}  // namespace leaktrack::track

#endif  // LEAKTRACK_LIBTRACK_RUNTIME_THREADS_H_
