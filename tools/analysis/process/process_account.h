// SPDX-License-Identifier: Apache-2.0
//
// The process: how near to its limit, and how soon there.
//
// The limit is the one that was asked for, else the cgroup's, else RLIMIT_AS, else the machine's
// memory. The headroom is what is left of it: file pages that the cgroup can drop count as left,
// and what the machine calls available. Time to it is a forecast (forecast.h) from the sites that
// grow more than chance explains, held to the rate at which resident memory grows
// (measured_growth.h); nothing is forecast from growth that is not significant, nor from growth
// that takes no memory.
#ifndef LEAKTRACK_TOOLS_ANALYSIS_PROCESS_PROCESS_ACCOUNT_H_
#define LEAKTRACK_TOOLS_ANALYSIS_PROCESS_PROCESS_ACCOUNT_H_

#include <optional>
#include <vector>

#include "libtrack/capture/capture.h"
#include "tools/analysis/model/options.h"
#include "tools/analysis/model/result.h"

namespace leaktrack {

std::optional<Rate> TotalGrowth(const std::vector<SiteResult>& sites);

// The limit and what is left of it; nothing of the future.
ProcessResult LimitOf(const capture::Capture& capture, const AnalyzeOptions& options);

// Fills total_growth, memory and process of an analysis whose sites stand.
void AccountForProcess(const capture::Capture& capture, const AnalyzeOptions& options,
                       Analysis& analysis);

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_ANALYSIS_PROCESS_PROCESS_ACCOUNT_H_
