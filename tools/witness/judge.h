// SPDX-License-Identifier: Apache-2.0
//
// From readings to groups of blocks with their growth and what memory says about them.
//
// Promises: a block is called lost only if nothing reaches it, in a core or in both looks at a
// process that runs; nobody wrote to it between them; and registers that were not read cannot hold
// all heads of its group's graphs. Everything else is held or unknown.
#ifndef LEAKTRACK_TOOLS_WITNESS_JUDGE_H_
#define LEAKTRACK_TOOLS_WITNESS_JUDGE_H_

#include "tools/witness/reading.h"
#include "tools/witness/witness.h"

namespace leaktrack::witness {

struct JudgeInput {
  const Reading& reading;     // the latest
  const Earlier* earlier;     // null: there was no other
  bool stands_still = false;  // a core: one look is enough
  double seconds_between = 0;
  const Classes& classes;
  const SymbolizerOptions& symbols;
};

// Fills in heap, groups and conclusion of `look`.
void Judge(Memory& memory, const JudgeInput& input, Look& look);

}  // namespace leaktrack::witness

#endif  // LEAKTRACK_TOOLS_WITNESS_JUDGE_H_
