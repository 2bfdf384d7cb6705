// SPDX-License-Identifier: Apache-2.0
//
// Where a process that stands still at its exit keeps what is not lost.
//
// What: writable data of all modules but ours; the stacks of living threads from where they stand,
// with their registers; thread-local storage, static and dynamic, and behind it the loader's own
// memory; what the program registered; what the kernel holds.
// Why not all mappings, as for a process that runs on: dead threads' stacks and mappings that
// nobody speaks for are full of what was. A leak checker's users mean: reachable from what the
// language calls alive.
//
// Limits: the loader's own memory is known by the descriptions of modules in it.
#ifndef LEAKTRACK_TOOLS_WITNESS_EXIT_EXIT_ROOTS_H_
#define LEAKTRACK_TOOLS_WITNESS_EXIT_EXIT_ROOTS_H_

#include <cstdint>
#include <vector>

#include "tools/witness/memory/memory.h"
#include "tools/witness/memory/modules.h"
#include "tools/witness/roots/roots.h"

namespace leaktrack::witness {

struct ExitRootsInput {
  const std::vector<Module>& modules;
  std::vector<Range> heap;        // what the walk of the heap covers, sorted
  std::vector<Range> own_state;   // of the allocator: no roots
  std::vector<Range> unparsed;    // of `heap`, but roots
  std::vector<Range> registered;  // by the program
  std::vector<uint64_t> excused;  // addresses of blocks that the program answers for
  std::vector<Thread> threads;    // that stand still, the one that waits for us among them
  uint64_t drainer_pointer = 0;   // thread pointer of the tracker's own thread; 0: there is none
};

std::vector<Root> FindExitRoots(Memory& memory, const ExitRootsInput& input);

}  // namespace leaktrack::witness

#endif  // LEAKTRACK_TOOLS_WITNESS_EXIT_EXIT_ROOTS_H_
