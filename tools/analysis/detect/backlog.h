// SPDX-License-Identifier: Apache-2.0
//
// The backlog: a queue that takes in more than it gets done. All its blocks die, later and later.
//
// What: at equal ages, blocks born in the second half of the run die less than those of the first
// half (log-rank test over ages up to a third of the run), and the live level has grown and still
// grows, while births do not rise.
//   z = min(log-rank, level growth in standard deviations),   p = 2 P(Z > z)
// Why a test of its own: the blocks do die, so it is no leak to never_dies.h; the level alone
// follows any load.
// Limits: what realloc moves about is not judged here: a death that goes on in the next block of
// its chain is none. Nor are runs that are too short for any (window.h).
// Promises: a load that rises is no backlog: then births rise with the level, and are let off above
// 1.3 times.
#ifndef LEAKTRACK_TOOLS_ANALYSIS_DETECT_BACKLOG_H_
#define LEAKTRACK_TOOLS_ANALYSIS_DETECT_BACKLOG_H_

#include <optional>

#include "tools/analysis/history/site_history.h"
#include "tools/analysis/model/window.h"

namespace leaktrack {

struct Backlog {
  double p = 1;
  double bytes_per_hour = 0, low = 0, high = 0;  // of the level, over the last 40 % of the run
  double early_life_ms = 0, late_life_ms = 0;    // time lived per death, a third of the run at most
};

// Empty where the level does not grow as a backlog's would.
std::optional<Backlog> FindBacklog(const SiteHistory& history, const Window& window);

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_ANALYSIS_DETECT_BACKLOG_H_
