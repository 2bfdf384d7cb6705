// SPDX-License-Identifier: Apache-2.0
//
// One site, all tests: what its history says before it is weighed against the other sites.
//
// Four channels, the strongest of which speaks:
//   immortals   an intersection of two facts, each with its own null: old blocks do not die
//               (never_dies.h) and new ones keep coming (births.h); so p = max(p1, p2). The first
//               clears churn, sessions, LRU and FIFO caches and batches, the second start-up,
//               steps, filled caches and interners
//   container   one block that grows (container.h)
//   backlog     blocks that die later and later (backlog.h)
//   steps       bursts of equal size that nobody gives back, as at each reload (steps.h)
// Births are tested by the wall's clock and by that of the work done, where it runs differently;
// the better one counts, at the price of two tries.
#ifndef LEAKTRACK_TOOLS_ANALYSIS_DETECT_JUDGE_H_
#define LEAKTRACK_TOOLS_ANALYSIS_DETECT_JUDGE_H_

#include <optional>
#include <vector>

#include "tools/analysis/detect/backlog.h"
#include "tools/analysis/detect/births.h"
#include "tools/analysis/detect/container.h"
#include "tools/analysis/detect/growth_shape.h"
#include "tools/analysis/detect/never_dies.h"
#include "tools/analysis/detect/sawtooth.h"
#include "tools/analysis/detect/steps.h"
#include "tools/analysis/model/options.h"
#include "tools/analysis/model/result.h"

namespace leaktrack {

inline constexpr double kMaxP = 0.005;    // the plain test, site by site
inline constexpr double kMaxQ = 0.05;     // and across all sites tested
inline constexpr double kStrictP = 0.01;  // the strict test (g0 = 1)

struct Judgement {
  NeverDies never_dies;
  Births wall;           // births by the wall's clock
  Births births;         // by the clock that found most: the wall's or that of the work
  bool by_work = false;  // `births` is by work
  std::optional<Container> container;
  std::optional<Backlog> backlog;
  std::optional<Steps> steps;
  Channel channel = Channel::kNone;
  bool testable = false;  // enough blocks to be counted among the tests
  bool strict = false;    // passes the strict tests as well
  double p = 1;
  Trend trend = Trend::kInsufficient;
  GrowthShape shape;  // by the wall's clock
  SawtoothShape teeth;
  double period_ms = 0;
  std::optional<double> onset_ms;  // of growth that began late
  std::optional<double> doubling_ms;
  std::optional<Rate> growth;  // bytes per hour; empty where blocks of this site do die
  std::optional<GrowthModel> model;
  std::optional<double> leaked_share;
  double size_from = 0, size_to = 0;  // above 0: only the blocks of these sizes were judged
};

// What all sites of one look have in common.
struct Look {
  Window window;
  const Clock* work = nullptr;  // may be null: the wall's is as good
  bool enough_work = false;     // the program counted so much work that it has settled
  Prior prior = Prior::kWatched;
};

// All that a report needs.
Judgement Judge(const SiteHistory& history, const Look& look);

// The p-value and its channel alone: for earlier looks, where nothing else is asked.
Judgement Test(const SiteHistory& history, const Look& look);

// It grows, and chance does not explain that: `q` is its value among all tested sites.
bool IsSignificant(const Judgement& judgement, double q);

// What it is called. A site that grows is ranked at whatever probability.
Verdict Decide(const Judgement& judgement, bool significant, double probability);

// Fills trend, shape, growth and what goes with them into a tested judgement.
void Describe(const SiteHistory& history, const Look& look, Judgement& judgement);

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_ANALYSIS_DETECT_JUDGE_H_
