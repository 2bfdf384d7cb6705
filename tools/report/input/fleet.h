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

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_REPORT_INPUT_FLEET_H_
