// SPDX-License-Identifier: Apache-2.0
//
// Resident memory taken apart: what is in it, by kind, now and over time.
//
// What: of the anonymous pages the live heap as it was asked for, what the allocator adds to each
// block, what it keeps of freed ones, and the rest (stacks, mappings); beside them file pages and
// shared memory. Why apart from the class (memory_account.h): the class says what grows, the parts
// add up.
// Promises: no part is negative, and they sum up to the resident memory. Heap beyond the anonymous
// pages is untouched (or swapped out), and a figure of its own: it is taken from large blocks
// first, then from what the allocator keeps. Small blocks lie side by side and are written to:
// where they exceed the pages, an estimate was too high, and the part that the allocator adds gives
// way. Tracked mappings are a part only where the rest moves as they do: then they were touched.
// Limits: what an allocator adds is known of glibc by its layout, of others only if they say how
// much is in use. Estimates from samples move what they miss into the rest.
#ifndef LEAKTRACK_TOOLS_ANALYSIS_PROCESS_MEMORY_PARTS_H_
#define LEAKTRACK_TOOLS_ANALYSIS_PROCESS_MEMORY_PARTS_H_

#include "libtrack/capture/capture.h"
#include "tools/analysis/model/result.h"
#include "tools/analysis/process/memory_series.h"

namespace leaktrack {

// Fills the parts of a result whose sums and readings stand.
void TakeParts(const capture::Capture& capture, const MemorySeries& series, MemoryResult& result);

// The bytes that glibc's malloc takes for a block of this size.
double GlibcChunk(double size);

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_ANALYSIS_PROCESS_MEMORY_PARTS_H_
