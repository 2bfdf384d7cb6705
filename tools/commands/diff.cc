// SPDX-License-Identifier: Apache-2.0
//
// `leaktrack diff`: which sites leak more in one version of a program than in another?
#include <unistd.h>

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tools/base/notice.h"
#include "tools/base/safe_text.h"
#include "tools/base/status_macros.h"
#include "tools/base/terminal.h"
#include "tools/base/units.h"
#include "tools/commands/command.h"
#include "tools/commands/exit_code.h"
#include "tools/commands/gate_runs.h"
#include "tools/commands/output.h"
#include "tools/commands/shared_options.h"
#include "tools/report/gate/gate_report.h"
#include "tools/report/page/html_report.h"

namespace leaktrack {
namespace {

constexpr char kExamples[] =
    "  leaktrack diff before/ after/       each a capture, or a directory with run-1, run-2, run-3 "
    "in it\n\n"
    "Exit status: 0 no regression, 1 regression, 2 the versions could not be compared, "
    "3 inconclusive.";

struct DiffFormat;

struct DiffOptions {
  std::string base, now;  // each a capture, a process tree's directory, or one with run-N in it
  bool at_exit = false;   // count what was never freed, not what the second half of the run added
  std::optional<uint64_t> min_bytes;  // per run; none: DefaultMinBytes()
  const DiffFormat* format = nullptr;
  size_t top = 0;  // sites; 0: as many as the format has
  std::string output;
  SymbolizerOptions symbols;
};

CompareOptions HowToCompare(const DiffOptions& options) {
  CompareOptions compare;
  compare.mode = options.at_exit ? CountMode::kAtExit : CountMode::kGrown;
  compare.min_bytes = DefaultMinBytes(compare.mode);
  if (options.min_bytes) compare.min_bytes = static_cast<double>(*options.min_bytes);
  return compare;
}

absl::StatusOr<std::vector<RunCounts>> Counts(const std::string& path, CountMode mode,
                                              const DiffOptions& options) {
  Suppressions run_times;  // what they keep by design is in both versions
  if (options.at_exit) run_times.AddBuiltIn();
  ASSIGN_OR_RETURN(std::vector<GateRun> runs,
                   LoadRuns(path, {mode, options.symbols, &run_times, false}));
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

struct Diff {
  std::string title;
  Comparison comparison;
};

void WriteText(const Diff& diff, const DiffOptions& options, TextSink& sink) {
  const bool colour = options.output.empty() && WantColour(STDOUT_FILENO);
  sink.Write(
      ComparisonText(diff.comparison, static_cast<size_t>(TerminalColumns(STDOUT_FILENO)), colour));
}

void WriteJson(const Diff& diff, const DiffOptions& options, TextSink& sink);

void WriteHtml(const Diff& diff, const DiffOptions&, TextSink& sink) {
  sink.Write(HtmlComparison(diff.comparison, diff.title));
}

struct DiffFormat {
  const char* name;
  bool binary;        // not for a terminal
  size_t most_sites;  // unless --top says more; 0: all
  void (*write)(const Diff& diff, const DiffOptions& options, TextSink& sink);
};
constexpr DiffFormat kFormats[] = {
    {"text", false, 0, WriteText}, {"json", false, 2'000, WriteJson}, {"html", true, 0, WriteHtml}};

void WriteJson(const Diff& diff, const DiffOptions& options, TextSink& sink) {
  const size_t top = options.top == 0 ? options.format->most_sites : options.top;
  WriteComparisonJson(diff.comparison, top, sink);
}

// What a machine is not told unasked is said.
void SayWhatIsLeftOut(const Comparison& comparison, const DiffOptions& options) {
  const size_t most = options.format->most_sites;
  const size_t total = comparison.sites.size();
  if (most == 0 || options.top != 0 || total <= most) return;
  SayOnce(absl::StrCat(FormatCount(most), " of ", FormatCount(total),
                       " sites, the worst first; --top ", total, " lists all"));
}

void AddOptions(OptionList& list, DiffOptions& options) {
  list.Footer(kExamples);
  list.Add("BASE", options.base, "the version to compare with").Required();
  list.Add("NEW", options.now, "the version in question").Required();
  list.Flag("--at-exit", options.at_exit,
            "count what was never freed, not what the second half of the run added");
  AddSizeOption(list, "--min-bytes", options.min_bytes,
                "ignore differences that are smaller, per run (default: 1KiB; at exit 1)");
  AddChoice<DiffFormat>(list, "--format", options.format, kFormats, "text, json or html");
  AddOutputOption(list, options.output);
  AddNumberOption(list, "--top", options.top, "how many sites in json (default: 2000)");
  AddSymbolOptions(list, options.symbols);
}

absl::StatusOr<int> Run(const DiffOptions& options) {
  if (options.format->binary)
    RETURN_IF_ERROR(CheckNotForTerminal(options.format->name, options.output));
  const CompareOptions compare = HowToCompare(options);
  Inputs inputs;
  for (const std::string& place : {options.base, options.now}) {
    ASSIGN_OR_RETURN(const std::vector<std::vector<std::string>> runs, CapturesOfRuns(place));
    for (const std::vector<std::string>& captures : runs) inputs.AddAll(captures);
  }
  RETURN_IF_ERROR(CheckOutputs({options.output}, inputs));
  ASSIGN_OR_RETURN(const std::vector<RunCounts> base, Counts(options.base, compare.mode, options));
  ASSIGN_OR_RETURN(const std::vector<RunCounts> now, Counts(options.now, compare.mode, options));
  RETURN_IF_ERROR(SameProgram(base, now));
  const Diff diff{absl::StrCat(base.front().program, ": ", options.base, " and ", options.now),
                  Compare(base, now, compare)};
  RETURN_IF_ERROR(WriteOutput(
      options.output, [&](TextSink& sink) { options.format->write(diff, options, sink); }, inputs));
  SayWhatIsLeftOut(diff.comparison, options);
  if (!diff.comparison.inconclusive_because.empty()) return kExitInconclusive;
  return diff.comparison.Regressed() ? kExitFound : kExitNothingFound;
}

}  // namespace

constinit const Command kDiff = MakeCommand<DiffOptions, AddOptions, Run>(
    "diff", "Says which sites leak more in one version of a program than in another");

}  // namespace leaktrack
