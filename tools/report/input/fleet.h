// SPDX-License-Identifier: Apache-2.0
//
// Many captures at once: a process tree, a fleet.
#ifndef LEAKTRACK_TOOLS_REPORT_INPUT_FLEET_H_
#define LEAKTRACK_TOOLS_REPORT_INPUT_FLEET_H_

#include <string>
#include <vector>

#include "tools/report/input/report_input.h"

namespace leaktrack {

struct Fleet {
  std::vector<ReportInput> runs;        // after RankRuns: the worst first
  std::vector<std::string> unreadable;  // one line each
};

// By what was found, then status, growth and length of the run. The first is the one to show in
// detail: its conclusion is that of all, so that the headline agrees with the exit status, unless
// only files that could not be read make it inconclusive.
void RankRuns(Fleet& fleet);

// Found if any is; else what the longest run says, unless one has lost data or could not be read.
// Short-lived helpers of a healthy program do not make it inconclusive.
Conclusion FleetConclusion(const Fleet& fleet);

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_REPORT_INPUT_FLEET_H_
