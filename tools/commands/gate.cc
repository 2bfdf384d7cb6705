// SPDX-License-Identifier: Apache-2.0
#include "tools/commands/gate.h"

#include <sys/resource.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "tools/base/input_file.h"
#include "tools/base/safe_text.h"
#include "tools/base/status_macros.h"
#include "tools/base/units.h"
#include "tools/commands/child.h"
#include "tools/commands/exit_code.h"
#include "tools/commands/gate_output.h"
#include "tools/commands/gate_runs.h"
#include "tools/commands/output.h"
#include "tools/commands/run.h"
#include "tools/inspect/locate.h"
#include "tools/report/gate/checkout_paths.h"

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

// A test that keeps memory fails by itself, and the gate is asked where the memory went.
bool FailedByWhatTestsKeep(int status, const std::string& directory) {
  return status == EXIT_FAILURE && !TestsThatKeepMemory(directory).empty();
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
    if (status != 0 && !FailedByWhatTestsKeep(status, run.output_directory)) {
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
  gate.compare.mode = options.at_exit ? CountMode::kAtExit : CountMode::kGrown;
  gate.compare.min_bytes = gate.limits.min_bytes.value_or(DefaultMinBytes(gate.compare.mode));
  return gate;
}

absl::StatusOr<Baseline> ReadBaseline(const GateCommandOptions& options) {
  if (options.update_baseline && (options.baseline.empty() || !options.write_baseline.empty())) {
    return absl::InvalidArgumentError(
        "--update-baseline writes the file that --baseline FILE names, and no other");
  }
  if (options.baseline.empty()) return Baseline{};
  std::error_code unknown;
  const bool missing = !fs::exists(options.baseline, unknown) && !unknown;
  if (missing && options.update_baseline) return Baseline{};
  const absl::StatusOr<std::string> text = ReadText(options.baseline);
  if (text.ok()) return ParseBaseline(*text, options.baseline);
  return absl::Status(text.status().code(),
                      absl::StrCat(text.status().message(),
                                   missing ? "; --update-baseline makes it of these runs" : ""));
}

absl::Status ReadSuppressions(const GateCommandOptions& options, Suppressions& suppressions) {
  for (const std::string& path : options.suppressions) {
    ASSIGN_OR_RETURN(const std::string text, ReadText(path));
    RETURN_IF_ERROR(suppressions.Add(text, path));
  }
  return absl::OkStatus();
}

// The files that are read. Captures that cannot be found are told of when they are opened.
Inputs InputsOf(const GateCommandOptions& options) {
  Inputs inputs(options.suppressions);
  inputs.Add(options.limits);
  inputs.Add(options.baseline);
  if (options.capture.empty()) return inputs;
  const auto runs = CapturesOfRuns(options.capture);
  if (!runs.ok()) return inputs;
  for (const std::vector<std::string>& captures : *runs) inputs.AddAll(captures);
  return inputs;
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
  const Inputs inputs = InputsOf(options);
  RETURN_IF_ERROR(CheckGateOutputs(options, inputs));
  RETURN_IF_ERROR(RetireReports(options, inputs));
  // Everything that can be wrong with the options is told before hours of runs.
  ASSIGN_OR_RETURN(const GateOptions gate, Limits(options));
  ASSIGN_OR_RETURN(const Baseline baseline, ReadBaseline(options));
  Suppressions suppressions;
  if (options.at_exit) suppressions.AddBuiltIn();
  RETURN_IF_ERROR(ReadSuppressions(options, suppressions));
  std::string capture = options.capture;
  CpuCost cost;
  RunPlace place(options.command.empty() ? capture : options.keep);
  if (!options.command.empty()) {
    RETURN_IF_ERROR(RunAll(options, place.path(), &cost));
    capture = place.path();
  }
  const auto begun = std::chrono::steady_clock::now();
  ASSIGN_OR_RETURN(const std::vector<GateRun> runs,
                   LoadRuns(capture, {gate.compare.mode, options.symbols, &suppressions, true}));
  GateResult result = Gate(runs, baseline, suppressions, gate);
  NameFilesBelow(SourceRoot(options.source_root), result);
  const absl::Status written = WriteBaseline(options, baseline, inputs, result);
  RETURN_IF_ERROR(WriteReports(options, result, inputs));
  RETURN_IF_ERROR(written);
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begun;
  absl::FPrintF(stderr, "leaktrack: gate judged %d run%s in %s%s\n", runs.size(),
                runs.size() == 1 ? "" : "s", FormatDuration(took.count()), CostText(cost));
  return ExitOf(result.verdict, options.inconclusive);
}

}  // namespace leaktrack
