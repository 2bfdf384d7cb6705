// SPDX-License-Identifier: Apache-2.0
#include "tools/report/json/fleet_json.h"

#include <cmath>

#include "tools/report/json/json_parts.h"
#include "tools/report/json/json_report.h"
#include "tools/report/words/doubt_words.h"
#include "tools/report/words/names.h"

namespace leaktrack {

Json CapturesJson(const Fleet& fleet) {
  Json captures = Json::array();
  for (const ReportInput& run : fleet.runs) {
    const auto& growth = run.analysis.total_growth;
    captures.push_back(
        {{"path", run.capture.path},
         {"command", run.capture.process.command},
         {"pid", run.capture.process.pid},
         {"duration_seconds", run.analysis.duration_seconds},
         {"end", EndName(run.capture)},
         {"conclusion", ConclusionName(run.analysis)},
         {"found", run.analysis.conclusion == Conclusion::kFound},
         {"status", Name(StatusNow(run))},
         {"seconds_to_limit",
          Lives(run.capture) ? OrNull(run.analysis.process.seconds_mid) : Json()},
         {"memory_class", Name(run.analysis.memory.memory_class)},
         {"growth_bytes_per_hour", growth ? Json(std::llround(growth->mid)) : Json()},
         {"inconclusive_because", TextOrNull(DoubtText(run.analysis.doubts))}});
  }
  return captures;
}

void WriteFleetJson(const Fleet& fleet, size_t top, TextSink& sink) {
  const Json extra = {{"captures", CapturesJson(fleet)}, {"unreadable", fleet.unreadable}};
  WriteReportJson(fleet.runs.front(), top, extra, sink);
}

std::string FleetJson(const Fleet& fleet, size_t top) {
  return TextOf([&](TextSink& sink) { WriteFleetJson(fleet, top, sink); });
}

}  // namespace leaktrack
