// SPDX-License-Identifier: Apache-2.0
//
// The parts of the JSON report that stand in files of their own. Internal to tools/report.
#ifndef LEAKTRACK_TOOLS_REPORT_JSON_JSON_PARTS_H_
#define LEAKTRACK_TOOLS_REPORT_JSON_JSON_PARTS_H_

#include <cstddef>

#include "tools/base/text_sink.h"
#include "tools/report/encode/json_values.h"
#include "tools/report/input/fleet.h"
#include "tools/report/input/report_input.h"
#include "tools/report/words/time_words.h"

namespace leaktrack {

Json FrameJson(const ResolvedFrame& frame);

// All of a site but its frames, which the formats write in different ways.
Json SiteFactsJson(const SiteResult& site, const RunTimes& run, size_t rank);
Json CoverageJson(const ReportInput& input);
Json ProcessJson(const ReportInput& input);
Json MemoryJson(const MemoryResult& memory);
Json CapturesJson(const Fleet& fleet);

// The JSON report, and behind its sites the members of `extra`.
void WriteReportJson(const ReportInput& input, size_t top, const Json& extra, TextSink& sink);

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_REPORT_JSON_JSON_PARTS_H_
