// SPDX-License-Identifier: Apache-2.0
//
// From captures to what is posted: one analysis each, a profile for each place that it goes to.
#ifndef LEAKTRACK_TOOLS_COMMANDS_PUSH_POSTS_H_
#define LEAKTRACK_TOOLS_COMMANDS_PUSH_POSTS_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "tools/commands/option_list.h"
#include "tools/push/endpoint.h"
#include "tools/report/input/report_input.h"
#include "tools/symbolize/cached_symbolizer.h"
#include "tools/symbolize/symbolizer.h"

namespace leaktrack {

// What the user says of the service, beside what the capture knows.
struct PushOptions {
  std::vector<std::string> to;
  std::string service;              // empty: the program's name
  std::vector<std::string> labels;  // "key=value"
  std::string queue;                // a directory; empty: in memory
};

// --service, --label and --queue.
void AddPushOptions(OptionList& list, PushOptions& options, const std::string& prefix);

struct PushTarget {
  std::vector<push::Endpoint> endpoints;
  std::string service;
  std::map<std::string, std::string> labels;
};
absl::StatusOr<PushTarget> ReadPushTarget(const PushOptions& options);

// A capture, analysed, with all of its sites.
absl::StatusOr<ReportInput> ReadForExport(const std::string& path, const SymbolizerOptions& symbols,
                                          uint64_t window_ms, FrameCache* cache);

// One for each endpoint. The labels are the user's, and pod, host, pid, build_id.
std::vector<push::Post> PostsOf(const ReportInput& input, const PushTarget& target);

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_COMMANDS_PUSH_POSTS_H_
