// SPDX-License-Identifier: Apache-2.0
//
// Threads: how many more there are, and who starts them.
//
// Why: a thread costs a stack that no hook sees, so a program whose threads never end grows beside
// its heap.
// How: the C library takes one block of the heap for each thread (its vector of thread-local
// storage), from under pthread_create. These are sites as any others: their live blocks count
// threads that run, and joinable ones that have ended and that nobody has joined.
// Limits: sampled as other small blocks are: of few threads none may be seen. A libc without names
// for its functions hides it.
#ifndef LEAKTRACK_TOOLS_ANALYSIS_PROCESS_THREADS_ACCOUNT_H_
#define LEAKTRACK_TOOLS_ANALYSIS_PROCESS_THREADS_ACCOUNT_H_

#include <cstddef>
#include <optional>
#include <vector>

#include "tools/analysis/model/result.h"
#include "tools/analysis/process/memory_series.h"

namespace leaktrack {

// Fills threads_growth and thread_starter.
void TakeThreads(const MemorySeries& series, const std::vector<SiteResult>& sites,
                 MemoryResult& result);

// The frame that called pthread_create; empty: the stack does not start a thread.
std::optional<size_t> StartsThreads(const CallStack& stack);

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_ANALYSIS_PROCESS_THREADS_ACCOUNT_H_
