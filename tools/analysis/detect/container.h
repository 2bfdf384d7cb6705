// SPDX-License-Identifier: Apache-2.0
//
// The growing container: one block, always one, and always bigger.
//
// What: a vector that leaks by growing moves to ever larger blocks. Its old blocks die, so the
// survivor tests see a single young block; here the chain of blocks is followed instead. Links are
// those of realloc, or, where the container allocates, copies and frees (std::vector, hash tables),
// a block that died within 0.1 % of the run of the birth of one 1.3 to 8 times its size. Rule:
// three growth steps of 1.3x or more after the first eighth of the run, the last of them not before
// 0.45 of it, and the last block still alive.
// Promises: chains of one that grew at start-up, or that stopped growing, do not count. Links by
// time are only believed where they hold most of the large blocks of the site: among many buffers
// of all sizes some will meet by chance.
// An arena is the other way to grow so: it keeps each block, and the next one is larger by one
// factor. Five such blocks after the first eighth of the run that hold most of the site count, if
// the next is not overdue: each lasts as many times longer as it is larger. Its rate is what the
// last full one was used up with.
// Limits: steps are seen where both blocks were sampled, which is sure for blocks of a few sampling
// intervals.
#ifndef LEAKTRACK_TOOLS_ANALYSIS_DETECT_CONTAINER_H_
#define LEAKTRACK_TOOLS_ANALYSIS_DETECT_CONTAINER_H_

#include <optional>

#include "tools/analysis/history/site_history.h"
#include "tools/analysis/model/window.h"

namespace leaktrack {

inline constexpr double kContainerP = 1e-4;  // what following the rule is worth as a p-value

struct Container {
  double bytes = 0;  // size of the last block
  double bytes_per_hour = 0;
  double low = 0, high = 0;  // what the doubling leaves open
  int steps = 0;
  double arena_ratio = 0;  // 0: no arena
};

// The largest growing chain of this site.
std::optional<Container> FindContainer(const SiteHistory& history, const Window& window);

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_ANALYSIS_DETECT_CONTAINER_H_
