// SPDX-License-Identifier: Apache-2.0
#include "tools/commands/report.h"

#include <unistd.h>

#include <algorithm>
#include <memory>

#include "tools/analysis/analyze.h"
#include "tools/base/status_macros.h"
#include "tools/base/terminal.h"
#include "tools/commands/captures.h"
#include "tools/commands/exit_code.h"
#include "tools/commands/output.h"
#include "tools/report/fleet_report.h"
#include "tools/report/json_report.h"
#include "tools/report/text_report.h"
#include "tools/symbolize/symbolizer.h"

namespace leaktrack {
namespace {

constexpr size_t kTextColumns = 80;

absl::StatusOr<ReportInput> ReadOne(const std::string& path, const ReportOptions& options) {
  ReportInput input;
  ASSIGN_OR_RETURN(input.capture, OpenCapture(path));
  const std::unique_ptr<Symbolizer> symbolizer = NewElfSymbolizer(input.capture.modules, {options.sysroot, options.debug_dirs});
  input.analysis = Analyze(input.capture, *symbolizer);
  input.missing = symbolizer->missing();
  return input;
}

int ExitOf(Conclusion conclusion) {
  switch (conclusion) {
    case Conclusion::kFound: return kExitFound;
    case Conclusion::kClean: return kExitNothingFound;
    default: return kExitInconclusive;
  }
}

TextOptions TextOptionsFor(const ReportOptions& options) {
  TextOptions text;
  text.columns = static_cast<size_t>(std::min<int>(kTextColumns, TerminalColumns(STDOUT_FILENO)));
  text.colour = options.output.empty() && WantColour(STDOUT_FILENO);
  if (options.top != 0) text.top = options.top;
  return text;
}

}  // namespace

absl::StatusOr<int> RunReport(const ReportOptions& options) {
  ASSIGN_OR_RETURN(const std::vector<std::string> paths, CapturesAt(options.capture));
  Fleet fleet;
  for (const std::string& path : paths) {
    absl::StatusOr<ReportInput> input = ReadOne(path, options);
    if (input.ok()) {
      fleet.runs.push_back(*std::move(input));
    } else if (paths.size() == 1) {
      return input.status();
    } else {
      // One bad file does not hide the others.
      fleet.unreadable.emplace_back(std::string(input.status().message()));
    }
  }
  if (fleet.runs.empty()) return absl::DataLossError(fleet.unreadable.front());
  RankRuns(fleet);
  std::string text;
  if (options.format == "json") {
    text = paths.size() == 1 ? JsonReport(fleet.runs.front(), options.top) : FleetJson(fleet, options.top);
  } else {
    const TextOptions text_options = TextOptionsFor(options);
    text = paths.size() == 1 ? TextReport(fleet.runs.front(), text_options) : FleetText(fleet, text_options);
  }
  RETURN_IF_ERROR(WriteOutput(options.output, text));
  return ExitOf(FleetConclusion(fleet));
}

}  // namespace leaktrack
