// SPDX-License-Identifier: Apache-2.0
//
// The blocks of a tracked process that its flight recorder knows, with their sites.
//
// Promises: read as hostile: any image is legal. Objects of pools are not among them, nor mappings.
// Limit: a recorder in private memory cannot be read from outside.
#ifndef LEAKTRACK_TOOLS_WITNESS_TRACKED_BLOCKS_H_
#define LEAKTRACK_TOOLS_WITNESS_TRACKED_BLOCKS_H_

#include <sys/types.h>

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "tools/witness/memory/memory.h"

namespace leaktrack::witness {

struct TrackedBlock {
  uint64_t address = 0, size = 0;
  uint32_t site = 0;
  // How many blocks and bytes it stands for: 1 and its size, where every block is recorded.
  double objects = 1, bytes = 0;
};

struct TrackedBlocks {
  uint64_t run_id = 0;
  bool exact = false;                // every block since the start is among them
  double seconds = 0;                // since the start of the run
  std::vector<TrackedBlock> blocks;  // by address
  std::vector<uint64_t> excused;     // addresses of blocks that the program answers for, too
};

// `run_id`: the run that is meant; 0: the process has one.
absl::StatusOr<TrackedBlocks> ReadTrackedBlocks(const Memory& memory, pid_t pid, uint64_t run_id);

}  // namespace leaktrack::witness

#endif  // LEAKTRACK_TOOLS_WITNESS_TRACKED_BLOCKS_H_
