// SPDX-License-Identifier: Apache-2.0
//
// What attachments of shared memory (shmat, shmdt) and the program break (brk, sbrk) mean for the
// record.
//
// An attachment is a mapping of the whole segment. What the break moves up by is the caller's, to
// the byte; glibc's malloc moves it too, but from within, where no hook stands. Calls of the
// allocator are recognised as those of mmap are. Limits: under a seccomp filter the size of a
// segment cannot be asked for: counted as a mapping lost.
//
// Thread-safety: yes; the break as little as the C library's own calls are.   Allocates: no.
// Signals: as the real calls. Fork: inert until the child's run starts.
#ifndef LEAKTRACK_LIBTRACK_WRAP_SEGMENTS_H_
#define LEAKTRACK_LIBTRACK_WRAP_SEGMENTS_H_

#include <cstdint>

#include "libtrack/platform/walk/unwinder.h"
#include "libtrack/wrap/mapping.h"

namespace leaktrack::track {

// Reached by tail calls from the interposers, as in heap.h.
void* AttachSegment(int id, const void* address, int flags);
int DetachSegment(const void* address);
int SetBreak(void* address);
void* MoveBreak(intptr_t by);

// The same for a caller that has been found already.
void* AttachSegmentFrom(const StackStart& start, RealCall real, int id, const void* address,
                        int flags);
int DetachSegmentFrom(RealCall real, const void* address);

}  // namespace leaktrack::track

#endif  // LEAKTRACK_LIBTRACK_WRAP_SEGMENTS_H_
