// SPDX-License-Identifier: Apache-2.0
//
// What would help, as a line to act on.
#ifndef LEAKTRACK_TOOLS_REPORT_WORDS_ADVICE_WORDS_H_
#define LEAKTRACK_TOOLS_REPORT_WORDS_ADVICE_WORDS_H_

#include <string>
#include <vector>

#include "tools/analysis/model/result.h"

namespace leaktrack {

// True if it makes visible who allocates: until then the report may name a runtime's own allocator.
bool HidesWho(AdviceKind kind);

std::string AdviceText(const Advice& advice);

// All of it, the best first.
std::vector<std::string> AdviceTexts(const MemoryResult& memory);

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_REPORT_WORDS_ADVICE_WORDS_H_
