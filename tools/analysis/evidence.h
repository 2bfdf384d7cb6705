// SPDX-License-Identifier: Apache-2.0
//
// From what was judged to the evidence that a report puts into words.
#ifndef LEAKTRACK_TOOLS_ANALYSIS_EVIDENCE_H_
#define LEAKTRACK_TOOLS_ANALYSIS_EVIDENCE_H_

#include <optional>

#include "tools/analysis/detect/hypotheses.h"
#include "tools/analysis/model/evidence.h"

namespace leaktrack {

// What evidence needs to know of the run.
struct RunFacts {
  double skipped_ms = 0;  // of the run, before what is judged; the look's times are since there
  Look look;
  bool warming_up = false;
};

Evidence EvidenceOf(const Hypothesis& hypothesis, const RunFacts& run);
// `decided_by_seconds`: see SiteResult.
Settle SettleOf(const Hypothesis& hypothesis, std::optional<double> decided_by_seconds,
                const RunFacts& run);

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_ANALYSIS_EVIDENCE_H_
