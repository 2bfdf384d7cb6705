// SPDX-License-Identifier: Apache-2.0
//
// Looks at a tracked process that is held at its exit, or in a check that it asked for.
//
// Promises: every path lets the process go; `release` is called as soon as its memory is not needed
// any more, before names are looked up. What prevents a judgement is the answer's reason.
// Limits: as glibc_heap.h, and a reason for every other allocator.
#ifndef LEAKTRACK_TOOLS_WITNESS_EXIT_EXIT_LOOK_H_
#define LEAKTRACK_TOOLS_WITNESS_EXIT_EXIT_LOOK_H_

#include <sys/types.h>

#include "absl/functional/function_ref.h"
#include "libtrack/capture/hold_request.h"
#include "tools/symbolize/symbolizer.h"
#include "tools/witness/site_memory.h"

namespace leaktrack::witness {

RunMemory LookAtHeld(pid_t pid, const capture::HoldRequest& request,
                     const SymbolizerOptions& symbols,
                     absl::FunctionRef<void(const RunMemory& so_far)> release);

}  // namespace leaktrack::witness

#endif  // LEAKTRACK_TOOLS_WITNESS_EXIT_EXIT_LOOK_H_
