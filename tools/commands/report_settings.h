// SPDX-License-Identifier: Apache-2.0
//
// What a report is told beside its captures: the memory limit, the levels of the status, and
// functions that are never blamed. From options to what the analyzer takes.
#ifndef LEAKTRACK_TOOLS_COMMANDS_REPORT_SETTINGS_H_
#define LEAKTRACK_TOOLS_COMMANDS_REPORT_SETTINGS_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "tools/analysis/model/options.h"
#include "tools/commands/option_list.h"

namespace leaktrack {

struct ReportSettings {
  std::string limit;                       // a size; empty: what the capture tells
  std::string status_use = "75,90,97";     // percent of the limit
  std::string status_time = "24h,1h,10m";  // to the limit
  std::string growth_horizon = "7d";
  std::vector<std::string> wrappers;       // patterns
  std::vector<std::string> wrapper_files;  // files of patterns, one a line, '#' for comments
};

void AddSettings(OptionList& list, ReportSettings& settings);

// --status-use and --status-time alone, shown with the values that they have.
void AddStatusOptions(OptionList& list, std::string& use, std::string& time);

// Refuses, with the name of the option, what it does not understand: three levels, each worse than
// the one before.
absl::StatusOr<StatusLevels> ReadLevels(const std::string& use, const std::string& time);
absl::StatusOr<AnalyzeOptions> ReadSettings(const ReportSettings& settings);

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_COMMANDS_REPORT_SETTINGS_H_
