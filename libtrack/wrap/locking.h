// SPDX-License-Identifier: Apache-2.0
//
// mlockall: the program's memory is locked, ours is not.
//
// The kernel counts all mappings against RLIMIT_MEMLOCK, ours included. So it may refuse a program
// that asks for no more than it may have. Then the program's mappings are locked one by one.
// Mappings of ours that were locked are unlocked again.
//
// Thread-safety: as mlockall.
// Allocates: never.
// Signals: safe.
// Fork: locks are not inherited.
#ifndef LEAKTRACK_LIBTRACK_WRAP_LOCKING_H_
#define LEAKTRACK_LIBTRACK_WRAP_LOCKING_H_

namespace leaktrack::track {

int LockAllMemory(int flags);

}  // namespace leaktrack::track

#endif  // LEAKTRACK_LIBTRACK_WRAP_LOCKING_H_
