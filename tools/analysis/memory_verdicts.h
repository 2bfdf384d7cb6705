// SPDX-License-Identifier: Apache-2.0
//
// What was seen in a process's memory, as part of the answer.
//
// What: each site gets what memory said of its blocks; one whose blocks nothing points to is a
// leak, whatever its age and however little it grows. Holders that are blocks of other sites get
// those sites' names.
// Promises: one look proves nothing, and two or three lost blocks of many are no verdict: a program
// may lose some for good as it starts.
#ifndef LEAKTRACK_TOOLS_ANALYSIS_MEMORY_VERDICTS_H_
#define LEAKTRACK_TOOLS_ANALYSIS_MEMORY_VERDICTS_H_

#include <vector>

#include "tools/analysis/model/result.h"
#include "tools/witness/site_memory.h"

namespace leaktrack {

// `end_seconds`: of the run; how long ago the look was counts from there.
void ApplyMemory(const witness::RunMemory& memory, double end_seconds,
                 std::vector<SiteResult>& sites);

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_ANALYSIS_MEMORY_VERDICTS_H_
