// SPDX-License-Identifier: Apache-2.0
//
// What attachments of shared memory (shmat, shmdt) and the program break (brk, sbrk) mean for the
// record.
//
// An attachment is a mapping of the whole segment. The bytes by which the break moves up belong to
// the caller, exactly. glibc's malloc moves the break too, but from within, where there is no hook.
// Calls of the allocator are recognised as for mmap.
// Limit: under a seccomp filter the size of a segment cannot be asked for, so the mapping is
// counted as lost.
//
// Thread-safety: yes; the break only as far as the C library's own calls.
// Allocates: no.
// Signals: as the real calls.
// Fork: inert until the child's run starts.
#ifndef LEAKTRACK_LIBTRACK_WRAP_SEGMENTS_H_
#define LEAKTRACK_LIBTRACK_WRAP_SEGMENTS_H_

#include <cstdint>

#include "libtrack/platform/walk/unwinder.h"
#include "libtrack/wrap/mapping.h"

namespace leaktrack::track {

// The interposers reach these by tail calls, as in heap.h.
void* AttachSegment(int id, const void* address, int flags);
int DetachSegment(const void* address);
int SetBreak(void* address);
void* MoveBreak(intptr_t by);

// The same for a caller whose frame is known already.
void* AttachSegmentFrom(const StackStart& start, RealCall real, int id, const void* address,
                        int flags);
int DetachSegmentFrom(RealCall real, const void* address);

}  // namespace leaktrack::track

#endif  // LEAKTRACK_LIBTRACK_WRAP_SEGMENTS_H_
