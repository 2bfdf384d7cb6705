// SPDX-License-Identifier: Apache-2.0
//
// One loop on all cores.
//
// Promises: `work(i)` once for each i below `count`, in no order; all is done when it returns, and
// seen by the caller. With one core, few steps, or where no thread can be had (a limit on
// processes), the caller does it alone.
// Limits: `work` must not throw, and must share nothing that it writes with another step.
#ifndef LEAKTRACK_TOOLS_BASE_PARALLEL_H_
#define LEAKTRACK_TOOLS_BASE_PARALLEL_H_

#include <cstddef>

#include "absl/functional/function_ref.h"

namespace leaktrack {

// Cores that this process may use, at most 16: past that a report is too short to gain.
size_t UsableCores();

void ParallelFor(size_t count, absl::FunctionRef<void(size_t)> work,
                 size_t threads = UsableCores());

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_BASE_PARALLEL_H_
