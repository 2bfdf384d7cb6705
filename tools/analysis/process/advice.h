// SPDX-License-Identifier: Apache-2.0
//
// What the memory account means in words, and what would help.
//
// Promises: advice fits the class and the allocator that the process really uses; where neither is
// known there is none. A leak gets none: its sites say what to do.
#ifndef LEAKTRACK_TOOLS_ANALYSIS_PROCESS_ADVICE_H_
#define LEAKTRACK_TOOLS_ANALYSIS_PROCESS_ADVICE_H_

#include <string>
#include <vector>

#include "tools/analysis/model/result.h"

namespace leaktrack {

std::string MemoryEvidence(const MemoryResult& memory);
std::vector<Advice> MemoryAdvice(const MemoryResult& memory);

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_ANALYSIS_PROCESS_ADVICE_H_
