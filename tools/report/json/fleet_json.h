// SPDX-License-Identifier: Apache-2.0
//
// Many captures at once in JSON: the report of the first run, with a list "captures" of all and
// "unreadable" added.
#ifndef LEAKTRACK_TOOLS_REPORT_JSON_FLEET_JSON_H_
#define LEAKTRACK_TOOLS_REPORT_JSON_FLEET_JSON_H_

#include <cstddef>
#include <string>

#include "tools/base/text_sink.h"
#include "tools/report/input/fleet.h"

namespace leaktrack {

void WriteFleetJson(const Fleet& fleet, size_t top, TextSink& sink);
std::string FleetJson(const Fleet& fleet, size_t top);

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_REPORT_JSON_FLEET_JSON_H_
