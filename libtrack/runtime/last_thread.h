// SPDX-License-Identifier: Apache-2.0
//
// Tells whether the helper is the only thread that is left. Without it the process would have
// ended, so it must not keep the process alive.
//
// It reads /proc/self/task, which then holds only the remains of the ended main thread and this
// thread. (The directory has two links more than there are threads.)
// Limit: without /proc the answer is always no.
//
// Thread-safety: yes.
// Allocates: never.
// Signals: safe.
// Fork: safe.
#ifndef LEAKTRACK_LIBTRACK_RUNTIME_LAST_THREAD_H_
#define LEAKTRACK_LIBTRACK_RUNTIME_LAST_THREAD_H_

#include <cstdint>

namespace leaktrack::track {

bool OnlyHelperLeft(uint32_t pid);

// True if the question can be answered at all.
bool CanCountThreads();

}  // namespace leaktrack::track

#endif  // LEAKTRACK_LIBTRACK_RUNTIME_LAST_THREAD_H_
