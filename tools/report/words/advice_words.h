// SPDX-License-Identifier: Apache-2.0
//
// What would help, as a line to act on.
#ifndef LEAKTRACK_TOOLS_REPORT_WORDS_ADVICE_WORDS_H_
#define LEAKTRACK_TOOLS_REPORT_WORDS_ADVICE_WORDS_H_

#include <string>
#include <vector>

#include "tools/analysis/model/result.h"

namespace leaktrack {

// True if it makes visible who uses what was allocated at a site of that kind: until then the
// report names an allocator that stands between.
bool HidesWho(AdviceKind advice, capture::SiteKind accused);

std::string AdviceText(const Advice& advice);

// All of it, the best first.
std::vector<std::string> AdviceTexts(const MemoryResult& memory);

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_REPORT_WORDS_ADVICE_WORDS_H_
