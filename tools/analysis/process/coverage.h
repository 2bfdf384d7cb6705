// SPDX-License-Identifier: Apache-2.0
//
// What this run could have seen: a clean verdict is worth what its blind spots leave.
#ifndef LEAKTRACK_TOOLS_ANALYSIS_PROCESS_COVERAGE_H_
#define LEAKTRACK_TOOLS_ANALYSIS_PROCESS_COVERAGE_H_

#include <optional>

#include "libtrack/capture/capture.h"
#include "tools/analysis/model/options.h"
#include "tools/analysis/model/result.h"
#include "tools/analysis/model/window.h"

namespace leaktrack {

// So many survivors pass the plain test (births.h) at 80 % power.
inline constexpr double kBlocksNeeded = 40;

// The steady growth (bytes per hour) that would have been found with 80 % power: kBlocksNeeded,
// born in the span between warm-up and youngest age cut. Sampling turns a leak of small blocks into
// one sample per interval of bytes; where every block is recorded, a block is one of the size that
// is usual here.
//   40 * (sampled: interval at the end; exact: median live block) / (W - warm-up - W/64)
// Empty for a run without any length.
std::optional<double> DetectableGrowth(const capture::Capture& capture, const Window& window);

// True if no allocation was recorded and it is unknown whether there was one: sampling had not
// begun, or calls bypassed the tracker. A process that allocates little has no samples either.
bool AllocationsWereNotSeen(const capture::Capture& capture);

// Sets `conclusion`, and why, from the sites and the measured growth already in `analysis`.
void Conclude(const capture::Capture& capture, const AnalyzeOptions& options, Analysis& analysis);

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_ANALYSIS_PROCESS_COVERAGE_H_
