// SPDX-License-Identifier: Apache-2.0
//
// Where glibc keeps the descriptors of a process's threads; thread-local storage ends there.
//
// What: a descriptor begins with its own address, has it again two words on, and names its thread.
#ifndef LEAKTRACK_TOOLS_WITNESS_ROOTS_THREAD_POINTERS_H_
#define LEAKTRACK_TOOLS_WITNESS_ROOTS_THREAD_POINTERS_H_

#include <sys/types.h>

#include <cstdint>
#include <vector>

#include "tools/witness/memory/memory.h"

namespace leaktrack::witness {

struct ThreadPointer {
  uint64_t address = 0;
  pid_t tid = 0;
};

// `heap`: where none is looked for, sorted.
std::vector<ThreadPointer> FindThreadPointers(Memory& memory, const std::vector<Range>& heap);

}  // namespace leaktrack::witness

#endif  // LEAKTRACK_TOOLS_WITNESS_ROOTS_THREAD_POINTERS_H_
