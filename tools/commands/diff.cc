// SPDX-License-Identifier: Apache-2.0
#include "tools/commands/diff.h"

#include <unistd.h>

#include "absl/strings/str_cat.h"
#include "tools/base/notice.h"
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

constexpr size_t kMostJsonSites = 2'000;  // as in a report

absl::StatusOr<std::vector<RunCounts>> Counts(const std::string& path, const DiffOptions& options) {
  const CountMode mode = options.at_exit ? CountMode::kAtExit : CountMode::kGrown;
  ASSIGN_OR_RETURN(const std::vector<GateRun> runs, LoadRuns(path, mode, options.symbols));
  std::vector<RunCounts> counts;
  for (const GateRun& run : runs) counts.push_back(run.counts);
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

// What a machine is not told unasked is said.
void SayWhatIsLeftOut(const Comparison& comparison, const DiffOptions& options) {
  const size_t total = comparison.sites.size();
  if (options.format != "json" || options.top != 0 || total <= kMostJsonSites) return;
  SayOnce(absl::StrCat(FormatCount(kMostJsonSites), " of ", FormatCount(total),
                       " sites, the worst first; --top ", total, " lists all"));
}

void Write(const Comparison& comparison, const DiffOptions& options, const std::string& title,
           TextSink& sink) {
  if (options.format == "json")
    return WriteComparisonJson(comparison, options.top == 0 ? kMostJsonSites : options.top, sink);
  if (options.format == "html") return sink.Write(HtmlComparison(comparison, title));
  const bool colour = options.output.empty() && WantColour(STDOUT_FILENO);
  sink.Write(
      ComparisonText(comparison, static_cast<size_t>(TerminalColumns(STDOUT_FILENO)), colour));
}

}  // namespace

absl::StatusOr<int> RunDiff(const DiffOptions& options) {
  if (options.format == "html" && options.output.empty() && isatty(STDOUT_FILENO)) {
    return absl::InvalidArgumentError(
        "--format html is not for a terminal; write it to a file by -o FILE");
  }
  CompareOptions compare;
  ASSIGN_OR_RETURN(const uint64_t min_bytes, ParseSize(options.min_bytes));
  compare.min_bytes = static_cast<double>(min_bytes);
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
  const std::string title =
      absl::StrCat(base.front().program, ": ", options.base, " and ", options.now);
  RETURN_IF_ERROR(WriteOutput(
      options.output, [&](TextSink& sink) { Write(comparison, options, title, sink); }, inputs));
  SayWhatIsLeftOut(comparison, options);
  if (!comparison.inconclusive_because.empty()) return kExitInconclusive;
  return comparison.Regressed() ? kExitFound : kExitNothingFound;
}

}  // namespace leaktrack
