// SPDX-License-Identifier: Apache-2.0
//
// What the memory account means. What to do about it: advice_words.h.
#ifndef LEAKTRACK_TOOLS_REPORT_WORDS_MEMORY_WORDS_H_
#define LEAKTRACK_TOOLS_REPORT_WORDS_MEMORY_WORDS_H_

#include <optional>
#include <string>

#include "tools/analysis/model/result.h"

namespace leaktrack {

// One sentence: what moved and what did not. Empty where there is nothing to say.
std::string MemoryText(const MemoryResult& memory);

// "freed, kept by glibc"
std::string PartText(const MemoryPart& part, const MemoryResult& memory);

// Of what is left of resident memory beside heap, mappings and files: stacks, above all. Empty
// where the parts are not known.
std::optional<Rate> GrowthOfRest(const MemoryResult& memory);

// How many have ended and wait for somebody to join them. 0: none, too few to tell, or their stacks
// do not add up: the C library keeps some stacks of threads that were joined, too.
double ThreadsNeverJoined(const MemoryResult& memory);

// "jemalloc", or `otherwise` where it is not known.
std::string AllocatorText(const MemoryResult& memory, const char* otherwise);

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_REPORT_WORDS_MEMORY_WORDS_H_
