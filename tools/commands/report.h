// SPDX-License-Identifier: Apache-2.0
//
// `leaktrack report`: what grew, how fast, how sure. Its exit status is a contract (exit_code.h).
#ifndef LEAKTRACK_TOOLS_COMMANDS_REPORT_H_
#define LEAKTRACK_TOOLS_COMMANDS_REPORT_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "tools/commands/report_settings.h"
#include "tools/symbolize/symbolizer.h"

namespace leaktrack {

struct ReportOptions {
  std::vector<std::string> captures;  // files, or directories of them
  std::string format = "text";        // a name of ReportFormats()
  std::string output;                 // empty: standard output
  SymbolizerOptions symbols;
  ReportSettings settings;
  std::string history;      // where plateaus are remembered; empty: in the user's state directory
  bool no_history = false;  // neither read nor write it
  bool no_source = false;   // keep source lines out of the page
  size_t top = 0;  // entries in full; 0: 5 in text, elsewhere as many as the format lists unasked
  bool verbose = false;          // text: list what is a count otherwise
  std::optional<uint32_t> site;  // this one alone
  std::string filter;            // only what has this function or module
  std::string since;             // a duration: judge only so much, up to the end
};

// The exit status, or why there is none.
absl::StatusOr<int> RunReport(const ReportOptions& options);

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_COMMANDS_REPORT_H_
