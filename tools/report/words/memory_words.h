// SPDX-License-Identifier: Apache-2.0
//
// What the memory account means. What to do about it: advice_words.h.
#ifndef LEAKTRACK_TOOLS_REPORT_WORDS_MEMORY_WORDS_H_
#define LEAKTRACK_TOOLS_REPORT_WORDS_MEMORY_WORDS_H_

#include <string>

#include "tools/analysis/model/result.h"

namespace leaktrack {

// One sentence: what moved and what did not. Empty where there is nothing to say.
std::string MemoryText(const MemoryResult& memory);

// "jemalloc", or `otherwise` where it is not known.
std::string AllocatorText(const MemoryResult& memory, const char* otherwise);

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_REPORT_WORDS_MEMORY_WORDS_H_
