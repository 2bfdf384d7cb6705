// SPDX-License-Identifier: Apache-2.0
//
// What helps, by the memory account.
//
// Promises: advice fits the class and the allocator that the process really uses; where neither is
// known there is none. A leak gets none: its sites say what to do.
#ifndef LEAKTRACK_TOOLS_ANALYSIS_PROCESS_ADVICE_H_
#define LEAKTRACK_TOOLS_ANALYSIS_PROCESS_ADVICE_H_

#include <vector>

#include "tools/analysis/model/result.h"

namespace leaktrack {

std::vector<Advice> MemoryAdvice(const MemoryResult& memory);

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_ANALYSIS_PROCESS_ADVICE_H_
