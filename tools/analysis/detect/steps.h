// SPDX-License-Identifier: Apache-2.0
//
// Steps: memory that is lost in bursts of equal size, as at each reload of a service.
//
// Why: a thousand blocks that are lost in one moment are one observation, so the test of births
// (births.h) wants many bursts. But a few that are equal, far apart against their length, and of
// which nothing dies are no chance either: whatever makes them makes the next one, too.
// What: three bursts after the start where the first load was equal as well (the usual shape: what
// was loaded at the start is loaded again, and the old one forgotten), else four in equal times.
// Equal: within a quarter, and what sampling adds.
// Promises: none where blocks that outlived two steps die, where the last burst is long ago, or
// where as much is born between the bursts as one tenth of them.
// Limits: a cache that takes equal batches looks the same until it is full.
#ifndef LEAKTRACK_TOOLS_ANALYSIS_DETECT_STEPS_H_
#define LEAKTRACK_TOOLS_ANALYSIS_DETECT_STEPS_H_

#include <optional>

#include "tools/analysis/history/site_history.h"
#include "tools/analysis/model/window.h"

namespace leaktrack {

inline constexpr double kStepsP = 1e-4;  // a rule has no p-value; this is what it is worth

struct Steps {
  int count = 0;      // after the start
  double bytes = 0;   // of one, the median
  double gap_ms = 0;  // from one to the next, the median
  bool regular = false;
  double bytes_per_hour = 0, low = 0, high = 0;
};

std::optional<Steps> FindSteps(const SiteHistory& history, const Window& window);

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_ANALYSIS_DETECT_STEPS_H_
