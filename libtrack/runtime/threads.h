// SPDX-License-Identifier: Apache-2.0
//
// Gives each thread that samples its private state, and takes it back when the thread ends.
//
// The end is not announced: when no state is left for a new thread, those whose threads the kernel
// no longer knows are taken back. Why no pthread key: destructors of other keys run after ours and
// allocate, in any of four rounds (pitfall T5), and a thread may allocate for the first time in the
// last one.
//
// Thread-safety: yes.   Allocates: slabs from the kernel.
// Signals: AttachThread only with the guard held.   Fork: states carry over; Tracker renews them.
#ifndef LEAKTRACK_LIBTRACK_RUNTIME_THREADS_H_
#define LEAKTRACK_LIBTRACK_RUNTIME_THREADS_H_

#include "libtrack/record/tracker.h"

namespace leaktrack::track {

// Once, from the constructor.
void PrepareThreads(Tracker* tracker);

// The calling thread's state, made on first use. nullptr: no memory.
ThreadState* AttachThread(HotThread& hot);

// By the drainer: where memory for a thread was refused, threads of the program do not ask again
// until this has got some.
void RetryThreadMemory();

// Zero-filled pages, for good; null: there are none.
void* PrivateMemory(size_t bytes);

// In a fork child: the calling thread, and its state if it has one, go by another thread id now.
void AdoptThreadAfterFork(HotThread& hot);

// From a thread of the library's own: what it makes the allocator do is never recorded.
void NeverRecordThread(HotThread& hot);
inline constexpr uint32_t kOurOwnThread = 2;  // HotThread::flags
inline bool IsOurOwnThread(const HotThread& hot) { return (hot.flags & kOurOwnThread) != 0; }

}  // namespace leaktrack::track

#endif  // LEAKTRACK_LIBTRACK_RUNTIME_THREADS_H_
