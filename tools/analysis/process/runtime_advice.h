// SPDX-License-Identifier: Apache-2.0
//
// What would help in this program, by the allocators and run-times that are loaded into it.
//
// What: the switch that makes an allocator of a run-time's own pass its blocks on to malloc, where
// that allocator holds memory; the run-time's own tool where its objects are managed and something
// grows; how to be seen where another allocator stands before us; and a limit that cannot be
// reached.
// Promises: only what helps here: each has its condition, and none is given for what is merely
// loaded.
#ifndef LEAKTRACK_TOOLS_ANALYSIS_PROCESS_RUNTIME_ADVICE_H_
#define LEAKTRACK_TOOLS_ANALYSIS_PROCESS_RUNTIME_ADVICE_H_

#include <vector>

#include "tools/analysis/model/result.h"

namespace leaktrack {

std::vector<Advice> RuntimeAdvice(const capture::Capture& capture, const Analysis& analysis);

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_ANALYSIS_PROCESS_RUNTIME_ADVICE_H_
