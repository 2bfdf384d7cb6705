// SPDX-License-Identifier: Apache-2.0
//
// The two ends of a block's life as every kind of block has them: judged, walked, interned, inserted; taken, settled.
//
// Thread-safety: yes.   Allocates: never.   Signals: safe (inside a hook nothing is recorded).   errno: untouched.
// Fork: a child that has not started its run records nothing.
#ifndef LEAKTRACK_LIBTRACK_WRAP_BIRTH_H_
#define LEAKTRACK_LIBTRACK_WRAP_BIRTH_H_

#include <cstddef>
#include <cstdint>

#include "libtrack/platform/unwinder.h"
#include "libtrack/record/tracker.h"

namespace leaktrack::track {

struct Birth {
  const void* block;
  size_t size;
  const ChainLink* link = nullptr;  // of the block it replaces
  uint32_t pool = 0;                // number of the pool it is an object of
};

// Records the birth if it is this block's turn. `start`: the frame of the program that asked for it.
void RecordBirth(const Birth& birth, const StackStart& start);

// Ends a removed block's life. The cells and rings that a guarded thread may use are not touched from inside a hook.
void SettleRemoved(const Removed& removed);

// Settles the block's death, before whatever function really frees it. Does nothing if the block is not one of ours.
void SettleFree(const void* block);

}  // namespace leaktrack::track

#endif  // LEAKTRACK_LIBTRACK_WRAP_BIRTH_H_
