// SPDX-License-Identifier: Apache-2.0
//
// One site, all tests: what its history says before it is weighed against the other sites.
//
// A leak is an intersection of two facts, each with its own null: old blocks do not die (never_dies.h) and new ones
// keep coming (births.h); so p = max(p1, p2). The first clears churn, sessions, LRU and FIFO caches and batches, the
// second start-up, steps, filled caches and interners.
#ifndef LEAKTRACK_TOOLS_ANALYSIS_JUDGE_H_
#define LEAKTRACK_TOOLS_ANALYSIS_JUDGE_H_

#include <optional>

#include "tools/analysis/births.h"
#include "tools/analysis/container.h"
#include "tools/analysis/never_dies.h"
#include "tools/analysis/result.h"

namespace leaktrack {

inline constexpr double kMaxP = 0.005;           // the plain test, site by site
inline constexpr double kMaxQ = 0.05;            // and across all sites tested
inline constexpr double kStrictP = 0.01;         // the strict test (g0 = 1)
inline constexpr double kLeakMinSeconds = 600;   // a `leak` has been watched for ten minutes

struct Judgement {
  NeverDies never_dies;
  Births births;
  std::optional<Container> container;
  bool testable = false;     // enough blocks to be counted among the tests
  double p = 1;
  Trend trend = Trend::kInsufficient;
  std::optional<Rate> growth;  // bytes per hour; empty where blocks of this site do die
};

Judgement Judge(const SiteHistory& history, const Window& window);

// The verdict of a site whose q-value among all tested sites is `q`.
Verdict Decide(const Judgement& judgement, double q, const Window& window);

// One sentence each: why, and what would decide.
std::string Evidence(const Judgement& judgement, const SiteHistory& history, Verdict verdict);
std::string Settle(const Judgement& judgement, Verdict verdict);

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_ANALYSIS_JUDGE_H_
