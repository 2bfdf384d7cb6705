// SPDX-License-Identifier: Apache-2.0
//
// Where the process's memory is, and which part of it grows.
//
// A growing process need not leak. What grows is told apart by slopes (memory_series.h):
//
//   live heap   held free by the allocator   mappings   resident     class
//   accused     any                          any        grows        leak (mappings, where a
//                                                                    mapping is accused)
//   accused     does not shrink              any        does not     untouched: reserved, or
//                                                                    swapped out
//   flat        grows, or is not told        flat       grows        retention
//   flat        flat                         grows      grows        mappings, as for files, shared
//                                                                    memory, stacks
//   flat        flat                         flat       does not     steady; retention if most of
//                                                                    it is held free
//   grows, but no site is proven             any        grows        unknown
//
// Where mappings, stacks or files grow, what no accused site accounts for is named as a sum
// (unplaced), with the site of the largest mappings if it can lie in them: memory that was mapped
// long ago and is touched now, or mappings too few to judge.
//
// Promises: what the system or the allocator did not tell is empty. Explained is what can be shown
// to be resident, and no more: file and shared pages, of the anonymous ones those that the heap and
// the allocator's free memory can fill, and mappings where the rest moves as they do
// (memory_parts.h).
// Limits: other mappings and stacks are address space; nothing tells how far they were touched, so
// they explain nothing.
#ifndef LEAKTRACK_TOOLS_ANALYSIS_PROCESS_MEMORY_ACCOUNT_H_
#define LEAKTRACK_TOOLS_ANALYSIS_PROCESS_MEMORY_ACCOUNT_H_

#include <vector>

#include "libtrack/capture/capture.h"
#include "tools/analysis/model/result.h"

namespace leaktrack {

MemoryResult AccountForMemory(const capture::Capture& capture,
                              const std::vector<SiteResult>& sites);

// The last look at the living process: a reading made when its recorder was folded knows nothing of
// it. Null: there is no reading at all.
const capture::MemorySample* LastLook(const capture::Capture& capture);

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_ANALYSIS_PROCESS_MEMORY_ACCOUNT_H_
