// SPDX-License-Identifier: Apache-2.0
//
// The process: how near to its limit, how soon there, and where its memory is.
//
// The limit is the cgroup's, else RLIMIT_AS, else the machine's memory. Time to it is the headroom over the summed
// growth of the sites that are leak or suspect; nothing is forecast from growth that is not significant.
// Limits: RSS that is neither heap nor stack nor files (allocator overhead, fragmentation) is left unexplained.
#ifndef LEAKTRACK_TOOLS_ANALYSIS_PROCESS_ACCOUNT_H_
#define LEAKTRACK_TOOLS_ANALYSIS_PROCESS_ACCOUNT_H_

#include <optional>
#include <vector>

#include "libtrack/capture/decoder.h"
#include "tools/analysis/result.h"

namespace leaktrack {

std::optional<Rate> TotalGrowth(const std::vector<SiteResult>& sites);
ProcessResult AccountForLimit(const capture::Capture& capture, const std::optional<Rate>& growth);
MemoryResult AccountForMemory(const capture::Capture& capture, const std::vector<SiteResult>& sites);

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_ANALYSIS_PROCESS_ACCOUNT_H_
