// SPDX-License-Identifier: Apache-2.0
//
// Many captures at once (a process tree, a fleet): the fastest grower in detail, and one line for each; where there are
// more than ten, one for each program that does not grow, and one for all that were over at once.
#ifndef LEAKTRACK_TOOLS_REPORT_FLEET_REPORT_H_
#define LEAKTRACK_TOOLS_REPORT_FLEET_REPORT_H_

#include <string>

#include "tools/base/text_sink.h"
#include "tools/report/input/fleet.h"
#include "tools/report/text/text_report.h"

namespace leaktrack {

// By what was found, then status, growth and length of the run: the first is the one to show in detail.
void RankRuns(Fleet& fleet);

// Found if any is; else what the longest run says, unless one has lost data or could not be read. Short-lived helpers
// of a healthy program do not make it inconclusive.
Conclusion FleetConclusion(const Fleet& fleet);

std::string FleetText(const Fleet& fleet, const TextOptions& options);

// The report of the first run, with a list "captures" of all and "unreadable" added.
void WriteFleetJson(const Fleet& fleet, size_t top, TextSink& sink);
std::string FleetJson(const Fleet& fleet, size_t top);

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_REPORT_FLEET_REPORT_H_
