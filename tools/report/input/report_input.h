// SPDX-License-Identifier: Apache-2.0
//
// All that a report is made of.
#ifndef LEAKTRACK_TOOLS_REPORT_INPUT_REPORT_INPUT_H_
#define LEAKTRACK_TOOLS_REPORT_INPUT_REPORT_INPUT_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "libtrack/capture/capture.h"
#include "tools/analysis/model/result.h"
#include "tools/report/input/selection.h"
#include "tools/symbolize/source_lines.h"
#include "tools/symbolize/symbolizer.h"

namespace leaktrack {

// Others whose growth fills the same cgroup's limit (shared_limit.h).
struct LimitSharers {
  std::vector<uint32_t> pids;
  double growth_bytes_per_hour = 0;  // of their accused sites, in sum
};

struct ReportInput {
  capture::Capture capture;
  Analysis analysis;  // not changed once it is here
  std::vector<MissingSymbols> missing;
  std::optional<int64_t> sealed_at;  // seconds since 1970, when names were sealed into the capture;
                                     // empty: they were not
  std::map<std::string, SourceExcerpt>
      sources;  // by "file:line", of the frames that matter; empty where none was wanted
  LimitSharers sharers;
  Selection selection;  // of the analysis's sites
};

// Its process was there when this was read, or when it was sealed: it has a future.
inline bool Lives(const capture::Capture& capture) { return capture.running || capture.as_of; }

// A status warns: of what has ended nothing can be warned of.
inline Status StatusNow(const ReportInput& input) {
  return Lives(input.capture) ? input.analysis.process.status : Status::kOk;
}

// "exited", "killed", "crashed", "exec", "running" or "unknown".
const char* EndName(const capture::Capture& capture);

// "active", "absent" or "bypassed".
const char* HookStateName(capture::HookState state);

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_REPORT_INPUT_REPORT_INPUT_H_
