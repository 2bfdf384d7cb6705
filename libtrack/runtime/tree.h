// SPDX-License-Identifier: Apache-2.0
//
// What the processes of one tree know of each other.
//
// The first process of a tree is the one that somebody asked to be recorded: the command of
// `leaktrack run`, or a program that was started with LD_PRELOAD by one without it. All others are
// below it. Under `leaktrack run` they share three counts, each the size of a file in /dev/shm that
// `run` has created; to count is to append a byte. Why no shared page: a file that somebody cuts
// would be a SIGBUS in the program.
// Limits: processes of another user, or with another /dev/shm, are not counted.
//
// Thread-safety: yes.
// Allocates: never.
// Signals: safe.
// Fork: safe.
#ifndef LEAKTRACK_LIBTRACK_RUNTIME_TREE_H_
#define LEAKTRACK_LIBTRACK_RUNTIME_TREE_H_

#include <cstdint>

#include "libtrack/capture/tree_counts.h"
#include "libtrack/runtime/options.h"

namespace leaktrack::track {

using capture::TreeCount;

bool IsFirstOfTree(const Options& options);

// Adds one and returns the new count. 0: there is nobody who counts.
uint64_t AddToTree(const Options& options, TreeCount count);

// False: nobody counts.
bool ReadTree(const Options& options, TreeCount count, uint64_t* value);

// True if a run may be born in a process below the first one. Counts it, or its refusal.
bool MayBeBornInTree(const Options& options);

}  // namespace leaktrack::track

#endif  // LEAKTRACK_LIBTRACK_RUNTIME_TREE_H_
