// SPDX-License-Identifier: Apache-2.0
//
// Many captures at once in words: the fastest grower in detail, and one line for each; where there
// are more than ten, one for each program that does not grow, and one for all that were over at
// once.
#ifndef LEAKTRACK_TOOLS_REPORT_TEXT_FLEET_TEXT_H_
#define LEAKTRACK_TOOLS_REPORT_TEXT_FLEET_TEXT_H_

#include <string>

#include "tools/report/input/fleet.h"
#include "tools/report/text/text_report.h"

namespace leaktrack {

std::string FleetText(const Fleet& fleet, const TextOptions& options);

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_REPORT_TEXT_FLEET_TEXT_H_
