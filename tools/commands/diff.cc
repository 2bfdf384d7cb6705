// SPDX-License-Identifier: Apache-2.0
#include "tools/commands/diff.h"

#include <unistd.h>

#include "absl/strings/str_cat.h"
#include "tools/base/safe_text.h"
#include "tools/base/status_macros.h"
#include "tools/base/terminal.h"
#include "tools/base/units.h"
#include "tools/commands/exit_code.h"
#include "tools/commands/gate_runs.h"
#include "tools/commands/output.h"
#include "tools/report/gate/gate_report.h"
#include "tools/report/page/html_report.h"

namespace leaktrack {
namespace {

CountMode ModeOf(const DiffOptions& options) {
  return options.at_exit ? CountMode::kAtExit : CountMode::kGrown;
}

absl::StatusOr<CompareOptions> HowToCompare(const DiffOptions& options) {
  CompareOptions compare;
  compare.mode = ModeOf(options);
  compare.min_bytes = DefaultMinBytes(compare.mode);
  if (options.min_bytes.empty()) return compare;
  ASSIGN_OR_RETURN(const uint64_t min_bytes, ParseSize(options.min_bytes));
  compare.min_bytes = static_cast<double>(min_bytes);
  return compare;
}

absl::StatusOr<std::vector<RunCounts>> Counts(const std::string& path, const DiffOptions& options) {
  Suppressions run_times;  // what they keep by design is in both versions
  if (options.at_exit) run_times.AddBuiltIn();
  ASSIGN_OR_RETURN(std::vector<GateRun> runs,
                   LoadRuns(path, {ModeOf(options), options.symbols, &run_times, false}));
  std::vector<RunCounts> counts;
  for (GateRun& run : runs) {
    std::erase_if(run.counts.sites, [](const SiteCount& site) { return site.suppressed; });
    counts.push_back(std::move(run.counts));
  }
  return counts;
}

// Two programs have next to nothing in common, and everything would be new.
absl::Status SameProgram(const std::vector<RunCounts>& base, const std::vector<RunCounts>& now) {
  if (base.front().program == now.front().program) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("different programs: ", SafeText(base.front().path), " is of ",
                   SafeText(base.front().program), ", ", SafeText(now.front().path), " of ",
                   SafeText(now.front().program)));
}

std::string Written(const Comparison& comparison, const DiffOptions& options,
                    const std::string& title) {
  if (options.format == "json") return ComparisonJson(comparison);
  if (options.format == "html") return HtmlComparison(comparison, title);
  const bool colour = options.output.empty() && WantColour(STDOUT_FILENO);
  return ComparisonText(comparison, static_cast<size_t>(TerminalColumns(STDOUT_FILENO)), colour);
}

}  // namespace

absl::StatusOr<int> RunDiff(const DiffOptions& options) {
  if (options.format == "html" && options.output.empty() && isatty(STDOUT_FILENO)) {
    return absl::InvalidArgumentError(
        "--format html is not for a terminal; write it to a file by -o FILE");
  }
  ASSIGN_OR_RETURN(const CompareOptions compare, HowToCompare(options));
  Inputs inputs;
  for (const std::string& place : {options.base, options.now}) {
    ASSIGN_OR_RETURN(const std::vector<std::vector<std::string>> runs, CapturesOfRuns(place));
    for (const std::vector<std::string>& captures : runs) inputs.AddAll(captures);
  }
  RETURN_IF_ERROR(CheckOutputs({options.output}, inputs));
  ASSIGN_OR_RETURN(const std::vector<RunCounts> base, Counts(options.base, options));
  ASSIGN_OR_RETURN(const std::vector<RunCounts> now, Counts(options.now, options));
  RETURN_IF_ERROR(SameProgram(base, now));
  const Comparison comparison = Compare(base, now, compare);
  RETURN_IF_ERROR(WriteOutput(
      options.output,
      Written(comparison, options,
              absl::StrCat(base.front().program, ": ", options.base, " and ", options.now)),
      inputs));
  if (!comparison.inconclusive_because.empty()) return kExitInconclusive;
  return comparison.Regressed() ? kExitFound : kExitNothingFound;
}

}  // namespace leaktrack
