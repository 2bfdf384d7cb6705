// SPDX-License-Identifier: Apache-2.0
//
// Gives each thread that samples its private state, and takes it back when the thread ends.
//
// The end is seen through a pthread key. Its destructor arms itself again for as many rounds as the C library
// promises; but even in the last one, destructors of other keys may run after ours, and allocate (pitfall T5). So the
// state is only marked as departing, and taken back by the next new thread that finds the kernel knows its owner no
// longer. Without pthread keys (glibc before 2.34 and no libpthread) there is one thread and no end.
//
// Thread-safety: yes.   Allocates: slabs from the kernel; pthread_setspecific may once, from the program's heap.
// Signals: AttachThread only with the guard held.   Fork: states carry over; Tracker renews them.
#ifndef LEAKTRACK_LIBTRACK_RUNTIME_THREADS_H_
#define LEAKTRACK_LIBTRACK_RUNTIME_THREADS_H_

#include "libtrack/record/tracker.h"

namespace leaktrack::track {

// Once, from the constructor.
void PrepareThreads(Tracker* tracker);

// The calling thread's state, made on first use. nullptr: no memory.
ThreadState* AttachThread(HotThread& hot);

}  // namespace leaktrack::track

#endif  // LEAKTRACK_LIBTRACK_RUNTIME_THREADS_H_
