// SPDX-License-Identifier: Apache-2.0
//
// Reads the memory of a living process.
//
// Promises: nobody is stopped, except where `stop_for_registers` asks for it, and then for
// microseconds. No page of the process is made present: what is not there is read from the file
// behind it, or counted as not read. An error says what forbids the look.
// Limits: the process goes on meanwhile, so that two pieces are never of one instant. Pages that
// were swapped out are read up to a budget, which brings them back in.
//
// Thread-safety: none.
#ifndef LEAKTRACK_TOOLS_WITNESS_MEMORY_PROCESS_MEMORY_H_
#define LEAKTRACK_TOOLS_WITNESS_MEMORY_PROCESS_MEMORY_H_

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "tools/witness/memory/memory.h"

namespace leaktrack::witness {

struct ProcessReading {
  bool stop_for_registers = false;
  uint64_t elsewhere_bytes = uint64_t{1} << 30;  // budget for pages that are not present
  const std::vector<Thread>* threads = nullptr;  // known already; null: to be read
};

absl::StatusOr<std::unique_ptr<Memory>> OpenProcessMemory(pid_t pid, const ProcessReading& how);

}  // namespace leaktrack::witness

#endif  // LEAKTRACK_TOOLS_WITNESS_MEMORY_PROCESS_MEMORY_H_
