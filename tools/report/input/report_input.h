// SPDX-License-Identifier: Apache-2.0
//
// All that a report is made of.
#ifndef LEAKTRACK_TOOLS_REPORT_INPUT_REPORT_INPUT_H_
#define LEAKTRACK_TOOLS_REPORT_INPUT_REPORT_INPUT_H_

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "libtrack/capture/read/decoder.h"
#include "tools/analysis/model/result.h"
#include "tools/report/input/selection.h"
#include "tools/symbolize/source_lines.h"
#include "tools/symbolize/symbolizer.h"

namespace leaktrack {

struct ReportInput {
  capture::Capture capture;
  Analysis analysis;
  std::vector<MissingSymbols> missing;
  std::optional<int64_t> sealed_at;  // seconds since 1970, when names were sealed into the capture; empty: they were not
  std::map<std::string, SourceExcerpt> sources;  // by "file:line", of the frames that matter; empty where none was wanted
  Selection selection;  // what `analysis.sites` does not hold any more
};

// "exited", "killed", "crashed", "exec", "running" or "unknown".
const char* EndName(const capture::Capture& capture);

// "active", "absent" or "bypassed".
const char* HookStateName(capture::HookState state);

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_REPORT_INPUT_REPORT_INPUT_H_
