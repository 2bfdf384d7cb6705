// SPDX-License-Identifier: Apache-2.0
//
// Adds up what one reading says about the tracked blocks of a process, site by site.
//
// Promises: a block that was recorded and that the reading does not know is undecided, never held
// and never lost.
#ifndef LEAKTRACK_TOOLS_WITNESS_SITE_SUMS_H_
#define LEAKTRACK_TOOLS_WITNESS_SITE_SUMS_H_

#include <vector>

#include "tools/witness/reading.h"
#include "tools/witness/site_memory.h"
#include "tools/witness/tracked_blocks.h"

namespace leaktrack::witness {

// Gives each block of the reading the class of its site; blocks that nobody recorded get one class
// together.
void ClassifyBySite(const TrackedBlocks& tracked, Classes& classes, Reading& reading);

// Fills in `lost` and `holds` of `memory`.
void TakeLostGraph(const TrackedBlocks& tracked, const Reading& reading, RunMemory& memory);

// Fills in `sites`, their holders excepted. One reading of a process that stands still.
void TakeSites(const TrackedBlocks& tracked, const Reading& reading, RunMemory& memory);

// Fills in the holders.
void NameHolders(const Reading& reading, const Classes& classes, const SymbolizerOptions& symbols,
                 RunMemory& memory);

}  // namespace leaktrack::witness

#endif  // LEAKTRACK_TOOLS_WITNESS_SITE_SUMS_H_
