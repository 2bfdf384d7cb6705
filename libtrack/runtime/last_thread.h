// SPDX-License-Identifier: Apache-2.0
//
// Is the helper the only thread that is left? Without it the process would have ended: it must not
// go on for us alone.
//
// By what /proc/self/task holds: the main thread's remains, which must have ended, and this one.
// (The directory has two links more than there are threads.) Limits: without /proc the answer is
// always no.
//
// Thread-safety: yes.   Allocates: never.   Signals: safe.   Fork: safe.
#ifndef LEAKTRACK_LIBTRACK_RUNTIME_LAST_THREAD_H_
#define LEAKTRACK_LIBTRACK_RUNTIME_LAST_THREAD_H_

#include <cstdint>

namespace leaktrack::track {

bool OnlyHelperLeft(uint32_t pid);

// Can that be told at all?
bool CanCountThreads();

}  // namespace leaktrack::track

#endif  // LEAKTRACK_LIBTRACK_RUNTIME_LAST_THREAD_H_
