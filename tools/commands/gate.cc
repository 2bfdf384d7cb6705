// SPDX-License-Identifier: Apache-2.0
#include "tools/commands/gate.h"

#include <sys/resource.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <map>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "tools/base/input_file.h"
#include "tools/base/replace_file.h"
#include "tools/base/safe_text.h"
#include "tools/base/status_macros.h"
#include "tools/base/terminal.h"
#include "tools/base/units.h"
#include "tools/commands/child.h"
#include "tools/commands/exit_code.h"
#include "tools/commands/gate_runs.h"
#include "tools/commands/output.h"
#include "tools/commands/run.h"
#include "tools/inspect/locate.h"
#include "tools/report/gate/checkout_paths.h"
#include "tools/report/gate/gate_report.h"

namespace leaktrack {
namespace {

namespace fs = std::filesystem;

// A directory of our own for captures, removed at the end unless the caller named it.
class RunPlace {
 public:
  explicit RunPlace(const std::string& keep) : keep_(!keep.empty()), path_(keep) {
    if (keep_) return;
    std::string pattern = (fs::temp_directory_path() / "leaktrack-gate.XXXXXX").string();
    if (mkdtemp(pattern.data()) != nullptr) path_ = pattern;
  }
  ~RunPlace() {
    std::error_code ignored;
    if (!keep_ && !path_.empty()) fs::remove_all(path_, ignored);
  }
  RunPlace(const RunPlace&) = delete;
  RunPlace& operator=(const RunPlace&) = delete;
  const std::string& path() const { return path_; }

 private:
  bool keep_;
  std::string path_;
};

// User and system time of all that was started from here and has ended, seconds.
double ChildrenCpuSeconds() {
  rusage usage{};
  getrusage(RUSAGE_CHILDREN, &usage);
  return static_cast<double>(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
         static_cast<double>(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

struct CpuCost {
  double plain_seconds = 0;    // 0: not measured
  double tracked_seconds = 0;  // a run
};

std::string CostText(const CpuCost& cost) {
  if (cost.tracked_seconds <= 0) return "";
  if (cost.plain_seconds <= 0)
    return absl::StrFormat("; each took %s of CPU (--cost: how much of it is the tracking)",
                           FormatDuration(cost.tracked_seconds));
  return absl::StrFormat("; each took %s of CPU, %.2f times the %s of one run untracked",
                         FormatDuration(cost.tracked_seconds),
                         cost.tracked_seconds / cost.plain_seconds,
                         FormatDuration(cost.plain_seconds));
}

absl::Status RunAll(const GateCommandOptions& options, const std::string& place, CpuCost* cost) {
  if (place.empty())
    return absl::UnavailableError("no temporary directory could be made; name one with --keep DIR");
  if (std::error_code none; fs::exists(absl::StrCat(place, "/", kRunDirectory, 1), none)) {
    return absl::AlreadyExistsError(absl::StrCat(
        SafeText(place),
        ": holds runs already, which would be judged as well; name another directory"));
  }
  double before = ChildrenCpuSeconds();
  if (options.cost) {  // first: a tracked run leaves its preload in our environment
    RunChild(Locate(options.command.front()).path, options.command);
    cost->plain_seconds = ChildrenCpuSeconds() - before;
    before = ChildrenCpuSeconds();
  }
  for (size_t i = 1; i <= options.runs; ++i) {
    RunOptions run;
    run.output_directory = absl::StrCat(place, "/", kRunDirectory, i);
    run.interval = options.interval;
    run.tell = false;
    run.command = options.command;
    const int status = RunRun(run);
    if (status != 0) {
      return absl::FailedPreconditionError(
          absl::StrCat("run ", i, " of the command ended with ", status,
                       ": a run that failed proves nothing; mend it first"));
    }
  }
  cost->tracked_seconds = (ChildrenCpuSeconds() - before) / static_cast<double>(options.runs);
  return absl::OkStatus();
}

absl::Status ReplaceBy(const std::string& option, std::optional<double>& limit) {
  if (option.empty()) return absl::OkStatus();
  ASSIGN_OR_RETURN(const uint64_t bytes, ParseSize(option));
  limit = static_cast<double>(bytes);
  return absl::OkStatus();
}

absl::StatusOr<GateOptions> Limits(const GateCommandOptions& options) {
  GateOptions gate;
  if (!options.limits.empty()) {
    ASSIGN_OR_RETURN(const std::string text, ReadText(options.limits));
    ASSIGN_OR_RETURN(gate.limits, ParseLimits(text, options.limits));
  }
  RETURN_IF_ERROR(ReplaceBy(options.max_total, gate.limits.total_bytes));
  RETURN_IF_ERROR(ReplaceBy(options.max_site, gate.limits.site_bytes));
  RETURN_IF_ERROR(ReplaceBy(options.min_bytes, gate.limits.min_bytes));
  gate.compare.min_bytes = gate.limits.min_bytes.value_or(options.at_exit ? 1 : 1024);
  return gate;
}

absl::StatusOr<Baseline> ReadBaseline(const GateCommandOptions& options) {
  if (options.baseline.empty()) return Baseline{};
  ASSIGN_OR_RETURN(const std::string text, ReadText(options.baseline));
  return ParseBaseline(text, options.baseline);
}

absl::Status ReadSuppressions(const GateCommandOptions& options, Suppressions& suppressions) {
  for (const std::string& path : options.suppressions) {
    ASSIGN_OR_RETURN(const std::string text, ReadText(path));
    RETURN_IF_ERROR(suppressions.Add(text, path));
  }
  return absl::OkStatus();
}

absl::Status AddOwnSuppressions(const std::vector<GateRun>& runs, Suppressions& suppressions) {
  std::map<std::string, std::string> own;
  for (const GateRun& run : runs)
    own.insert(run.own_suppressions.begin(), run.own_suppressions.end());
  for (const auto& [file, text] : own)
    RETURN_IF_ERROR(suppressions.Add(text, absl::StrCat(file, "'s __lsan_default_suppressions")));
  return absl::OkStatus();
}

std::string SummaryPath(const GateCommandOptions& options) {
  const char* path = options.github ? getenv("GITHUB_STEP_SUMMARY") : nullptr;
  return path == nullptr ? "" : path;
}

// A baseline may be written anew where it was read.
bool RenewsBaseline(const GateCommandOptions& options) {
  std::error_code not_there;
  return !options.baseline.empty() && !options.write_baseline.empty() &&
         fs::equivalent(options.baseline, options.write_baseline, not_there);
}

absl::StatusOr<Inputs> InputsOf(const GateCommandOptions& options) {
  Inputs inputs(options.suppressions);
  inputs.Add(options.limits);
  inputs.Add(options.baseline);
  if (options.capture.empty()) return inputs;
  ASSIGN_OR_RETURN(const std::vector<std::vector<std::string>> runs,
                   CapturesOfRuns(options.capture));
  for (const std::vector<std::string>& captures : runs) inputs.AddAll(captures);
  return inputs;
}

absl::Status CheckAllOutputs(const GateCommandOptions& options, const Inputs& inputs) {
  std::vector<std::string> outputs;
  for (const std::string& path :
       {options.junit, options.sarif, options.gitlab, SummaryPath(options)}) {
    if (!path.empty()) outputs.push_back(path);
  }
  if (!options.write_baseline.empty() && !RenewsBaseline(options))
    outputs.push_back(options.write_baseline);
  return CheckOutputs(outputs, inputs);
}

absl::Status WriteBaseline(const GateCommandOptions& options, const std::string& text,
                           const Inputs& inputs) {
  if (!RenewsBaseline(options)) return WriteOutput(options.write_baseline, text, inputs);
  // As a whole or not at all, and where a symbolic link leads to, not in place of the link.
  std::error_code gone;
  const std::string file = fs::canonical(options.write_baseline, gone).string();
  return gone ? absl::NotFoundError(
                    absl::StrCat(SafeText(options.write_baseline), ": ", gone.message()))
              : ReplaceFile(file, file, text);
}

absl::Status Write(const GateCommandOptions& options, const GateResult& result,
                   const Baseline& baseline, const Inputs& inputs) {
  const auto write_if_named = [&inputs](const std::string& path, const std::string& text) {
    return path.empty() ? absl::OkStatus() : WriteOutput(path, text, inputs);
  };
  // The verdict first: a file that cannot be written does not take it away.
  const bool colour = WantColour(STDOUT_FILENO);
  RETURN_IF_ERROR(WriteOutput(
      "",
      [&](TextSink& sink) {
        if (options.format == "json") return WriteGateJson(result, sink);
        sink.Write(GateText(result, static_cast<size_t>(TerminalColumns(STDOUT_FILENO)), colour));
      },
      inputs));
  RETURN_IF_ERROR(write_if_named(options.junit, GateJunit(result)));
  RETURN_IF_ERROR(write_if_named(options.sarif, GateSarif(result)));
  RETURN_IF_ERROR(write_if_named(options.gitlab, GateGitlab(result)));
  if (!options.write_baseline.empty()) {
    RETURN_IF_ERROR(WriteBaseline(options, FormatBaseline(MakeBaseline(result, baseline)), inputs));
  }
  if (!options.github) return absl::OkStatus();
  RETURN_IF_ERROR(WriteOutput("", GateGithub(result), inputs));
  const std::string summary = SummaryPath(options);
  return summary.empty() ? absl::OkStatus() : AppendOutput(summary, GateMarkdown(result), inputs);
}

fs::path SourceRoot(const std::string& named) {
  std::error_code unreadable;  // then names stay as they are
  return named.empty() ? FindCheckout(fs::current_path(unreadable))
                       : fs::absolute(named, unreadable);
}

int ExitOf(GateVerdict verdict, const std::string& inconclusive) {
  switch (verdict) {
    case GateVerdict::kPass:
      return kExitNothingFound;
    case GateVerdict::kFail:
      return kExitFound;
    case GateVerdict::kInconclusive:
      break;
  }
  return inconclusive == "pass"   ? kExitNothingFound
         : inconclusive == "fail" ? kExitFound
                                  : kExitInconclusive;
}

}  // namespace

absl::StatusOr<int> RunGate(const GateCommandOptions& options) {
  // Everything that can be wrong with the options is told before hours of runs.
  ASSIGN_OR_RETURN(const GateOptions gate, Limits(options));
  ASSIGN_OR_RETURN(const Baseline baseline, ReadBaseline(options));
  Suppressions suppressions;
  if (options.at_exit) suppressions.AddBuiltIn();
  RETURN_IF_ERROR(ReadSuppressions(options, suppressions));
  ASSIGN_OR_RETURN(const Inputs inputs, InputsOf(options));
  RETURN_IF_ERROR(CheckAllOutputs(options, inputs));
  std::string capture = options.capture;
  CpuCost cost;
  RunPlace place(options.command.empty() ? capture : options.keep);
  if (!options.command.empty()) {
    RETURN_IF_ERROR(RunAll(options, place.path(), &cost));
    capture = place.path();
  }
  const auto begun = std::chrono::steady_clock::now();
  const CountMode mode = options.at_exit ? CountMode::kAtExit : CountMode::kGrown;
  ASSIGN_OR_RETURN(const std::vector<GateRun> runs, LoadRuns(capture, mode, options.symbols));
  RETURN_IF_ERROR(AddOwnSuppressions(runs, suppressions));
  GateResult result = Gate(runs, baseline, suppressions, gate);
  NameFilesBelow(SourceRoot(options.source_root), result);
  RETURN_IF_ERROR(Write(options, result, baseline, inputs));
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begun;
  absl::FPrintF(stderr, "leaktrack: gate judged %d run%s in %s%s\n", runs.size(),
                runs.size() == 1 ? "" : "s", FormatDuration(took.count()), CostText(cost));
  return ExitOf(result.verdict, options.inconclusive);
}

}  // namespace leaktrack
