// SPDX-License-Identifier: Apache-2.0
//
// One loop on all cores.
//
// Promises: calls `work(i)` once for each i below `count`, in no order. When it returns, all work
// is done, and its results are visible to the caller. The caller works alone on one core, for few
// steps, or if no thread can be created (a limit on processes).
// Limits: `work` must not throw, and must not write to anything that another step uses.
#ifndef LEAKTRACK_TOOLS_BASE_PARALLEL_H_
#define LEAKTRACK_TOOLS_BASE_PARALLEL_H_

#include <cstddef>

#include "absl/functional/function_ref.h"

namespace leaktrack {

// Cores that this process may use, at most 16: a report is too short to gain from more.
size_t UsableCores();

void ParallelFor(size_t count, absl::FunctionRef<void(size_t)> work,
                 size_t threads = UsableCores());

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_BASE_PARALLEL_H_
