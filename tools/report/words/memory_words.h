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

// "freed, kept by glibc"
std::string PartText(const MemoryPart& part, const MemoryResult& memory);

// How many have ended and wait for somebody to join them; 0: none, or too few to tell.
double ThreadsNeverJoined(const MemoryResult& memory);

// "601/min more"; empty where their number does not change.
std::string MoreThreadsText(const MemoryResult& memory);

// "jemalloc", or `otherwise` where it is not known.
std::string AllocatorText(const MemoryResult& memory, const char* otherwise);

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_REPORT_WORDS_MEMORY_WORDS_H_
