// SPDX-License-Identifier: Apache-2.0
//
// `leaktrack gate`: pass or fail, for a build pipeline.
//
// Promises: exit 0 pass, 1 a leak that is new, worse or over a limit, 2 the gate could not do its
// work (a command that failed, a file that is none), 3 inconclusive (settable); never a silent
// pass. A gate that writes a baseline passes what the baseline then holds. Everything that can be
// wrong with the options is told before hours of runs.
#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "tools/base/status_macros.h"
#include "tools/base/terminal.h"
#include "tools/base/units.h"
#include "tools/commands/command.h"
#include "tools/commands/exit_code.h"
#include "tools/commands/gate_files.h"
#include "tools/commands/gate_runs.h"
#include "tools/commands/output.h"
#include "tools/commands/repeated_runs.h"
#include "tools/commands/shared_options.h"
#include "tools/report/gate/gate_report.h"

namespace leaktrack {
namespace {

constexpr char kExamples[] =
    "  leaktrack gate captures/ --baseline leaks.txt --junit leaks.xml\n"
    "  leaktrack gate --at-exit --runs 1 -- ./unit_test\n"
    "  leaktrack gate --write-baseline leaks.txt -- ./soak_test --loops 1000\n\n"
    "The command after -- is run --runs times, and what it leaks is judged. Exit status: 0 pass, 1 "
    "a leak that is new, worse or over a limit,\n"
    "2 the gate could not do its work, 3 inconclusive (see --inconclusive).";

constexpr char kLostAtExit[] = "lost", kAllAtExit[] = "all";

struct GateFormat {
  const char* name;
  void (*write)(const GateResult& result, TextSink& sink);
};

void WriteText(const GateResult& result, TextSink& sink) {
  sink.Write(GateText(result, static_cast<size_t>(TerminalColumns(STDOUT_FILENO)),
                      WantColour(STDOUT_FILENO)));
}

constexpr GateFormat kFormats[] = {{"text", WriteText}, {"json", WriteGateJson}};

// What becomes of a result that proves nothing.
struct IfInconclusive {
  const char* name;
  ExitCode exit;
};
constexpr IfInconclusive kIfInconclusive[] = {
    {"3", kExitInconclusive}, {"pass", kExitNothingFound}, {"fail", kExitFound}};

struct GateCommandOptions {
  std::string capture;  // a capture, a process tree's directory, or one with run-N directories
  std::vector<std::string> command;  // or: run this, and judge what it leaves
  RepeatedRuns runs;
  std::string at_exit;                          // empty: what grows; else kLostAtExit or kAllAtExit
  std::optional<uint64_t> min_bytes;            // per unit of work; none: 1 KiB, at exit 1 byte
  std::optional<uint64_t> max_total, max_site;  // these go before a file of limits
  const IfInconclusive* inconclusive = nullptr;
  GateFiles files;
  const GateFormat* format = nullptr;
  SymbolizerOptions symbols;
};

void AddOptions(OptionList& list, GateCommandOptions& options) {
  list.Footer(kExamples);
  list.Add("CAPTURE", options.capture,
           "a capture, a directory of them, or a directory of run-N directories");
  list.FlagOrValue("--at-exit", kLostAtExit, options.at_exit,
                   "what nothing points to at the end is a leak, and what is still reachable is "
                   "listed; with =all, every block that was never freed is one")
      .OneOf({kLostAtExit, kAllAtExit});
  AddRepeatedRuns(list, options.runs);
  AddSizeOption(list, "--min-bytes", options.min_bytes,
                "ignore leaks that are smaller, per run (default: 1KiB; at exit 1)");
  AddSizeOption(list, "--max-total", options.max_total,
                "fail when all leaks together keep more, per run");
  AddSizeOption(list, "--max-site", options.max_site, "fail when one site keeps more, per run");
  AddChoice<IfInconclusive>(
      list, "--inconclusive", options.inconclusive, kIfInconclusive,
      "what an inconclusive result is: pass, fail, or exit status 3 (default)");
  AddGateFiles(list, options.files);
  AddChoice<GateFormat>(list, "--format", options.format, kFormats, "text or json");
  AddSymbolOptions(list, options.symbols);
  list.Demand([&options] {
    const bool both_or_none = options.capture.empty() == options.command.empty();
    return both_or_none ? "either CAPTURE or a command after --" : "";
  });
}

void ReplaceBy(const std::optional<uint64_t>& option, std::optional<double>& limit) {
  if (option) limit = static_cast<double>(*option);
}

CountMode ModeOf(const GateCommandOptions& options) {
  if (options.at_exit.empty()) return CountMode::kGrown;
  return options.at_exit == kAllAtExit ? CountMode::kAtExit : CountMode::kLost;
}

absl::StatusOr<GateOptions> JudgeBy(const GateCommandOptions& options) {
  GateOptions gate;
  ASSIGN_OR_RETURN(gate.limits, ReadLimits(options.files));
  ReplaceBy(options.max_total, gate.limits.total_bytes);
  ReplaceBy(options.max_site, gate.limits.site_bytes);
  ReplaceBy(options.min_bytes, gate.limits.min_bytes);
  gate.compare.mode = ModeOf(options);
  gate.compare.min_bytes = gate.limits.min_bytes.value_or(DefaultMinBytes(gate.compare.mode));
  return gate;
}

// Captures that cannot be found are told of when they are opened.
Inputs AllInputs(const GateCommandOptions& options) {
  Inputs inputs = InputsOf(options.files);
  if (options.capture.empty()) return inputs;
  const auto runs = CapturesOfRuns(options.capture);
  if (!runs.ok()) return inputs;
  for (const std::vector<std::string>& captures : *runs) inputs.AddAll(captures);
  return inputs;
}

int ExitOf(GateVerdict verdict, const IfInconclusive& inconclusive) {
  switch (verdict) {
    case GateVerdict::kPass:
      return kExitNothingFound;
    case GateVerdict::kFail:
      return kExitFound;
    case GateVerdict::kInconclusive:
      break;
  }
  return inconclusive.exit;
}

RepeatedRuns HowToRun(const GateCommandOptions& options) {
  RepeatedRuns runs = options.runs;
  runs.look_at_exit = ModeOf(options) == CountMode::kLost;
  runs.symbols = options.symbols;
  return runs;
}

absl::StatusOr<int> Run(const GateCommandOptions& options) {
  const Inputs inputs = AllInputs(options);
  RETURN_IF_ERROR(CheckResultFiles(options.files, inputs));
  RETURN_IF_ERROR(RetireResultFiles(options.files, inputs));
  ASSIGN_OR_RETURN(const GateOptions judge_by, JudgeBy(options));
  ASSIGN_OR_RETURN(const Baseline baseline, ReadBaseline(options.files));
  Suppressions suppressions;
  if (!options.at_exit.empty()) suppressions.AddBuiltIn();
  RETURN_IF_ERROR(ReadSuppressions(options.files, suppressions));
  CpuCost cost;
  const bool runs_command = !options.command.empty();
  const RunPlace place(runs_command ? options.runs.keep : options.capture);
  if (runs_command) {
    ASSIGN_OR_RETURN(cost, RunRepeatedly(options.command, HowToRun(options), place.path()));
  }
  const auto begun = std::chrono::steady_clock::now();
  ASSIGN_OR_RETURN(
      const std::vector<GateRun> runs,
      LoadRuns(place.path(), {judge_by.compare.mode, options.symbols, &suppressions, true}));
  GateResult result = Gate(runs, baseline, suppressions, judge_by);
  NameSourceFiles(options.files, result);
  const absl::Status written = WriteBaseline(options.files, baseline, inputs, result);
  // The verdict first: a file that cannot be written does not take it away.
  RETURN_IF_ERROR(WriteOutput(
      "", [&](TextSink& sink) { options.format->write(result, sink); }, inputs));
  RETURN_IF_ERROR(WriteResultFiles(options.files, result, inputs));
  RETURN_IF_ERROR(written);
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begun;
  absl::FPrintF(stderr, "leaktrack: gate judged %d run%s in %s%s\n", runs.size(),
                runs.size() == 1 ? "" : "s", FormatDuration(took.count()), CostText(cost));
  return ExitOf(result.verdict, *options.inconclusive);
}

}  // namespace

constinit const Command kGate = MakeCommand<GateCommandOptions, AddOptions, Run>(
    "gate", "Passes or fails a build by what it leaks");

}  // namespace leaktrack
