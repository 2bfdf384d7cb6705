// SPDX-License-Identifier: Apache-2.0
//
// The birth of a block, of the heap or of a pool: judge, walk, intern, insert. Its end is in
// death.h.
//
// Thread-safety: yes.
// Allocates: never.
// Signals: safe (inside a hook nothing is recorded).
// errno: untouched.
// Fork: a child that has not started its run records nothing.
#ifndef LEAKTRACK_LIBTRACK_WRAP_BIRTH_H_
#define LEAKTRACK_LIBTRACK_WRAP_BIRTH_H_

#include <cstddef>
#include <cstdint>

#include "libtrack/platform/walk/unwinder.h"
#include "libtrack/record/tracker.h"

namespace leaktrack::track {

// Records the birth of a heap block if it is to be sampled. `link` belongs to the block that it
// replaces, or is null. `pc`, `sp`, `fp`: the frame of the program that asked for the block.
// Returns `block`, so that a caller with nothing left to do can end in a tail call. The three words
// are separate so that they stay in registers.
void* RecordHeapBirthFrom(void* block, size_t size, const ChainLink* link, uintptr_t pc,
                          uintptr_t sp, uintptr_t fp);
inline void* RecordHeapBirth(void* block, size_t size, const ChainLink* link,
                             const StackStart& start) {
  return RecordHeapBirthFrom(block, size, link, start.pc, start.sp, start.fp);
}

// The same for an object of pool number `pool`, under the object's key.
void RecordPoolBirth(const void* key, size_t size, uint32_t pool, const StackStart& start);

}  // namespace leaktrack::track

#endif  // LEAKTRACK_LIBTRACK_WRAP_BIRTH_H_
