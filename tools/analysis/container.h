// SPDX-License-Identifier: Apache-2.0
//
// The growing container: one block, always one, and always bigger.
//
// What: a vector that leaks by growing is a realloc chain. Its old blocks die, so the survivor tests see a single young
// block; here the chain is followed instead. Rule: three growth steps of 1.3x or more after the first eighth of the
// run, the last of them not before 0.45 of it, and the last block still alive.
// Promises: chains of one that grew at start-up, or that stopped growing, do not count.
// Limits: steps are seen where both blocks were sampled, which is sure for blocks of a few sampling intervals.
#ifndef LEAKTRACK_TOOLS_ANALYSIS_CONTAINER_H_
#define LEAKTRACK_TOOLS_ANALYSIS_CONTAINER_H_

#include <optional>

#include "tools/analysis/site_history.h"
#include "tools/analysis/window.h"

namespace leaktrack {

inline constexpr double kContainerP = 1e-4;  // what following the rule is worth as a p-value

struct Container {
  double bytes = 0;           // size of the last block
  double bytes_per_hour = 0;
  double low = 0, high = 0;   // what the doubling leaves open
  int steps = 0;
};

// The largest growing chain of this site.
std::optional<Container> FindContainer(const SiteHistory& history, const Window& window);

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_ANALYSIS_CONTAINER_H_
