// SPDX-License-Identifier: Apache-2.0
//
// What this run could have seen: a clean verdict is worth what its blind spots leave.
#ifndef LEAKTRACK_TOOLS_ANALYSIS_PROCESS_COVERAGE_H_
#define LEAKTRACK_TOOLS_ANALYSIS_PROCESS_COVERAGE_H_

#include <optional>

#include "libtrack/capture/capture.h"
#include "tools/analysis/model/result.h"
#include "tools/analysis/model/window.h"

namespace leaktrack {

// The steady growth (bytes per hour) that would have been found with 80 % power. The plain test
// needs about 40 survivors for that, each worth one sampling interval T (or one block, where T is
// smaller than a block), born in the span between warm-up and youngest age cut:
//   40 * max(T, mean live block) / (W - warm-up - W/64)
// Empty for a run without any length.
std::optional<double> DetectableGrowth(const capture::Capture& capture, const Window& window);

// Sets `conclusion`, and why, from the sites already in `analysis`.
void Conclude(const capture::Capture& capture, Analysis& analysis);

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_ANALYSIS_PROCESS_COVERAGE_H_
