// SPDX-License-Identifier: Apache-2.0
//
// Where a process keeps the pointers that its blocks are reached from.
//
// What: writable data of modules, thread-local storage, stacks from the stack pointer up, other
// mappings, and all that the heap's walk did not understand. Left out: leaktrack's own mappings and
// data, the allocator's own state, stacks below their pointers.
// Limits: the thread pointer of a thread is recognised by glibc's thread descriptor. Where it is
// not, or where a thread was running, the whole mapping of its stack counts: no block is called
// lost for that.
#ifndef LEAKTRACK_TOOLS_WITNESS_ROOTS_ROOTS_H_
#define LEAKTRACK_TOOLS_WITNESS_ROOTS_ROOTS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "tools/witness/memory/memory.h"
#include "tools/witness/memory/modules.h"

namespace leaktrack::witness {

// In the order of how well they name a holder.
enum class RootKind : uint8_t { kGlobal, kThreadLocal, kStack, kMapping, kKernel };
inline constexpr int kRootKinds = 5;

struct Root {
  RootKind kind = RootKind::kMapping;
  Range range;                  // empty: the words below
  std::string name;             // of the thread, or of the mapped file
  int module = -1;              // in the list of modules
  uint64_t thread_pointer = 0;  // kThreadLocal: where the thread's descriptor is
  std::vector<uint64_t> words;  // of the kernel, or of registers
};

struct RootsInput {
  std::vector<Module> modules;
  std::vector<Range> heap;       // what the walk of the heap covers, sorted
  std::vector<Range> own_state;  // of the allocator: no roots
  std::vector<Range> unparsed;   // of `heap`, but roots
};

std::vector<Root> FindRoots(Memory& memory, const RootsInput& input);

// Is this mapping, or module, leaktrack's own?
bool IsOwnFile(const std::string& path);

}  // namespace leaktrack::witness

#endif  // LEAKTRACK_TOOLS_WITNESS_ROOTS_ROOTS_H_
