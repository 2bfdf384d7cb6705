// SPDX-License-Identifier: Apache-2.0
#include "tools/commands/repeated_runs.h"

#include <stdlib.h>
#include <sys/resource.h>

#include <filesystem>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "tools/base/safe_text.h"
#include "tools/base/status_macros.h"
#include "tools/base/units.h"
#include "tools/commands/child.h"
#include "tools/commands/exit_hold.h"
#include "tools/commands/gate_runs.h"
#include "tools/commands/run.h"
#include "tools/commands/shared_options.h"
#include "tools/inspect/locate.h"

namespace leaktrack {
namespace {

namespace fs = std::filesystem;

// User and system time of all that was started from here and has ended, seconds.
double ChildrenCpuSeconds() {
  rusage usage{};
  getrusage(RUSAGE_CHILDREN, &usage);
  return static_cast<double>(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
         static_cast<double>(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

// A test that keeps memory fails by itself, and the gate is asked where the memory went.
bool FailedByWhatTestsKeep(int status, const std::string& directory) {
  return status == EXIT_FAILURE && !TestsThatKeepMemory(directory).empty();
}

absl::Status RunOnce(const std::vector<std::string>& command, const RepeatedRuns& options,
                     const std::string& place, size_t number) {
  RunOptions run;
  run.output_directory = absl::StrCat(place, "/", kRunDirectory, number);
  run.interval = options.interval;
  run.tell = false;
  run.watch = false;
  run.early = true;
  run.command = command;
  const int status = [&] {
    if (!options.look_at_exit || ExitHold::IsNested()) return RunTracked(run);
    const ExitHold hold(run.output_directory, options.symbols);
    return RunTracked(run);
  }();
  if (status == 0 || FailedByWhatTestsKeep(status, run.output_directory)) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat("run ", number, " of the command ended with ", status,
                   ": only runs that succeed are judged; make the command succeed first"));
}

}  // namespace

void AddRepeatedRuns(OptionList& list, RepeatedRuns& options) {
  list.Add("--runs", options.runs, "how often the command is run, 1 to 100 (default: 3)")
      .Type("N")
      .Between(1, 100);
  AddIntervalOption(list, options.interval,
                    "mean bytes between samples, or exact (default: 16KiB)");
  list.Flag("--cost", options.cost,
            "run it once more, untracked, and say what tracking costs in CPU time");
  list.Add("--keep", options.keep, "keep the captures of the command's runs in DIR").Type("DIR");
}

RunPlace::RunPlace(const std::string& keep) : keep_(!keep.empty()), path_(keep) {
  if (keep_) return;
  std::error_code none;
  std::string pattern = (fs::temp_directory_path(none) / "leaktrack-gate.XXXXXX").string();
  if (mkdtemp(pattern.data()) != nullptr) path_ = pattern;
}

RunPlace::~RunPlace() {
  std::error_code ignored;
  if (!keep_ && !path_.empty()) fs::remove_all(path_, ignored);
}

std::string CostText(const CpuCost& cost) {
  if (cost.tracked_seconds <= 0) return "";
  if (cost.plain_seconds <= 0)
    return absl::StrFormat("; each took %s of CPU (--cost says how much of it is the tracking)",
                           FormatDuration(cost.tracked_seconds));
  return absl::StrFormat("; each took %s of CPU, %.2f times the %s of one run untracked",
                         FormatDuration(cost.tracked_seconds),
                         cost.tracked_seconds / cost.plain_seconds,
                         FormatDuration(cost.plain_seconds));
}

absl::StatusOr<CpuCost> RunRepeatedly(const std::vector<std::string>& command,
                                      const RepeatedRuns& options, const std::string& place) {
  if (place.empty())
    return absl::UnavailableError("no temporary directory could be made; name one with --keep DIR");
  if (std::error_code none; fs::exists(absl::StrCat(place, "/", kRunDirectory, 1), none)) {
    return absl::AlreadyExistsError(absl::StrCat(
        SafeText(place),
        ": holds runs already, which would be judged as well; name another directory"));
  }
  CpuCost cost;
  double before = ChildrenCpuSeconds();
  if (options.cost) {  // first: a tracked run leaves its preload in our environment
    RunChild(Locate(command.front()).path, command);
    cost.plain_seconds = ChildrenCpuSeconds() - before;
    before = ChildrenCpuSeconds();
  }
  for (size_t i = 1; i <= options.runs; ++i) RETURN_IF_ERROR(RunOnce(command, options, place, i));
  cost.tracked_seconds = (ChildrenCpuSeconds() - before) / static_cast<double>(options.runs);
  return cost;
}

}  // namespace leaktrack
