// SPDX-License-Identifier: Apache-2.0
//
// The sentences that go with a verdict: why, and what would decide.
//
// Promises: one sentence each, in words that an operator knows, with times of day in UTC ("10:15Z")
// so that they can be held against a deployment log. Nothing in them that was not tested.
#ifndef LEAKTRACK_TOOLS_ANALYSIS_EXPLAIN_H_
#define LEAKTRACK_TOOLS_ANALYSIS_EXPLAIN_H_

#include <string>

#include "tools/analysis/detect/hypotheses.h"

namespace leaktrack {

// What sentences need to know of the run.
struct RunFacts {
  double skipped_ms = 0;          // of the run, before what is judged; times are since there
  int64_t start_realtime_ns = 0;  // 0: not known, then times are given since the start
  Look look;
  bool warming_up = false;
};

std::string Evidence(const Hypothesis& hypothesis, const RunFacts& run);
std::string Settle(const Hypothesis& hypothesis, const RunFacts& run);

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_ANALYSIS_EXPLAIN_H_
