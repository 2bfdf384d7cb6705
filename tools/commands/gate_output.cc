// SPDX-License-Identifier: Apache-2.0
#include "tools/commands/gate_output.h"

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "tools/base/replace_file.h"
#include "tools/base/safe_text.h"
#include "tools/base/status_macros.h"
#include "tools/base/terminal.h"
#include "tools/report/gate/gate_report.h"

namespace leaktrack {
namespace {

namespace fs = std::filesystem;

struct Report {
  std::string GateCommandOptions::*path;
  std::string (*text)(const GateResult& result);
};
constexpr Report kReports[] = {{&GateCommandOptions::junit, GateJunit},
                               {&GateCommandOptions::sarif, GateSarif},
                               {&GateCommandOptions::gitlab, GateGitlab}};

std::string SummaryPath(const GateCommandOptions& options) {
  const char* path = options.github ? getenv("GITHUB_STEP_SUMMARY") : nullptr;
  return path == nullptr ? "" : path;
}

// A baseline may be written anew where it was read.
bool RenewsBaseline(const GateCommandOptions& options) {
  std::error_code not_there;
  return !options.baseline.empty() &&
         fs::equivalent(options.baseline, BaselineToWrite(options), not_there);
}

absl::Status WriteBaselineText(const GateCommandOptions& options, const std::string& text,
                               const Inputs& inputs) {
  const std::string& path = BaselineToWrite(options);
  if (!RenewsBaseline(options)) return WriteOutput(path, text, inputs);
  std::error_code gone;
  const std::string file = fs::canonical(path, gone).string();
  return gone ? absl::NotFoundError(absl::StrCat(SafeText(path), ": ", gone.message()))
              : ReplaceFile(file, file, text);
}

}  // namespace

const std::string& BaselineToWrite(const GateCommandOptions& options) {
  return options.update_baseline ? options.baseline : options.write_baseline;
}

absl::Status CheckGateOutputs(const GateCommandOptions& options, const Inputs& inputs) {
  std::vector<std::string> outputs;
  for (const Report& report : kReports) {
    if (!(options.*report.path).empty()) outputs.push_back(options.*report.path);
  }
  if (const std::string summary = SummaryPath(options); !summary.empty())
    outputs.push_back(summary);
  if (!BaselineToWrite(options).empty() && !RenewsBaseline(options))
    outputs.push_back(BaselineToWrite(options));
  return CheckOutputs(outputs, inputs);
}

absl::Status RetireReports(const GateCommandOptions& options, const Inputs& inputs) {
  GateResult unfinished;
  unfinished.verdict = GateVerdict::kInconclusive;
  unfinished.inconclusive_because = "the gate has not come to an end; its own output says why";
  for (const Report& report : kReports) {
    const std::string& path = options.*report.path;
    std::error_code not_there;
    if (path.empty() || !fs::is_regular_file(path, not_there)) continue;
    RETURN_IF_ERROR(WriteOutput(path, report.text(unfinished), inputs));
  }
  return absl::OkStatus();
}

absl::Status WriteBaseline(const GateCommandOptions& options, const Baseline& old,
                           const Inputs& inputs, GateResult& result) {
  const std::string& path = BaselineToWrite(options);
  if (path.empty()) return absl::OkStatus();
  if (!result.unusable_because.empty()) {
    result.notes.push_back(absl::StrCat("no baseline was written: ", result.unusable_because));
    return absl::OkStatus();
  }
  std::error_code unknown;
  const bool fresh = !fs::exists(path, unknown);
  const Baseline baseline = MakeBaseline(result, old);
  RETURN_IF_ERROR(WriteBaselineText(options, FormatBaseline(baseline), inputs));
  AcceptAsBaseline(path, result);
  absl::FPrintF(stderr, "leaktrack: %s the baseline %s: %d site%s of %d run%s\n",
                fresh ? "made" : "renewed", SafeText(path), baseline.entries.size(),
                baseline.entries.size() == 1 ? "" : "s", baseline.runs,
                baseline.runs == 1 ? "" : "s");
  return absl::OkStatus();
}

absl::Status WriteReports(const GateCommandOptions& options, const GateResult& result,
                          const Inputs& inputs) {
  // The verdict first: a file that cannot be written does not take it away.
  const bool colour = WantColour(STDOUT_FILENO);
  RETURN_IF_ERROR(WriteOutput(
      "",
      options.format == "json"
          ? GateJson(result)
          : GateText(result, static_cast<size_t>(TerminalColumns(STDOUT_FILENO)), colour),
      inputs));
  for (const Report& report : kReports) {
    const std::string& path = options.*report.path;
    if (!path.empty()) RETURN_IF_ERROR(WriteOutput(path, report.text(result), inputs));
  }
  if (!options.github) return absl::OkStatus();
  RETURN_IF_ERROR(WriteOutput("", GateGithub(result), inputs));
  const std::string summary = SummaryPath(options);
  return summary.empty() ? absl::OkStatus() : AppendOutput(summary, GateMarkdown(result), inputs);
}

}  // namespace leaktrack
