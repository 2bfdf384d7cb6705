// SPDX-License-Identifier: Apache-2.0
//
// `leaktrack look`: what the heap of a running process, or of a core, consists of, what grows in
// it, what is lost in it, and who holds the rest. Nothing needs to have been prepared.
#include "tools/witness/look.h"

#include <unistd.h>

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "tools/base/status_macros.h"
#include "tools/base/terminal.h"
#include "tools/base/units.h"
#include "tools/commands/command.h"
#include "tools/commands/exit_code.h"
#include "tools/commands/output.h"
#include "tools/commands/shared_options.h"
#include "tools/report/look/look_report.h"

namespace leaktrack {
namespace {

using witness::Conclusion;
using witness::Look;

constexpr char kExamples[] =
    "  leaktrack look 4711                     two looks, 30 s apart\n"
    "  leaktrack look --seconds 5 4711\n"
    "  leaktrack look --registers 4711         stops each thread for some microseconds\n"
    "  leaktrack look core.4711.zst            what a process left\n\n"
    "Exit status: 0 nothing found, 1 something is lost, 2 it could not look, 3 it grows, or the\n"
    "looks do not tell.";

constexpr uint64_t kLongestMs = 24ull * 3600 * 1000;

struct LookFormat;

struct LookCommandOptions {
  std::string target;
  std::string output;
  std::string seconds = "30s";
  uint64_t milliseconds = 30'000;
  bool registers = false;
  size_t top = 12;
  const LookFormat* format = nullptr;
  SymbolizerOptions symbols;
};

struct LookFormat {
  const char* name;
  std::string (*write)(const Look& look, const LookCommandOptions& options);
};

std::string Text(const Look& look, const LookCommandOptions& options) {
  const bool to_screen = options.output.empty();
  return LookText(look, {.columns = static_cast<size_t>(TerminalColumns(STDOUT_FILENO)),
                         .colour = to_screen && WantColour(STDOUT_FILENO),
                         .top = options.top});
}

std::string InJson(const Look& look, const LookCommandOptions&) { return LookJson(look); }

constexpr LookFormat kFormats[] = {{"text", Text}, {"json", InJson}};

int ExitCodeOf(Conclusion conclusion) {
  switch (conclusion) {
    case Conclusion::kNothing:
      return kExitNothingFound;
    case Conclusion::kLeak:
      return kExitFound;
    case Conclusion::kGrows:
    case Conclusion::kInconclusive:
      break;
  }
  return kExitInconclusive;
}

void AddOptions(OptionList& list, LookCommandOptions& options) {
  list.Footer(kExamples);
  list.Add("TARGET", options.target, "a process id, or a core, also one packed by zstd or lz4")
      .Required();
  list.Add("--seconds", options.seconds,
           "time between the two looks; 0: one look, which can call nothing lost")
      .Type("DURATION")
      .ShowDefault()
      .Check([&options](const std::string& text) -> std::string {
        const auto parsed = ParseDurationMs(text);
        if (!parsed.ok()) return std::string(parsed.status().message());
        if (*parsed > kLongestMs) return "at most a day";
        options.milliseconds = *parsed;
        return "";
      });
  list.Flag("--registers", options.registers,
            "read the registers, too; for this each thread is stopped for some microseconds");
  AddNumberOption(list, "--top", options.top, "groups in the text").ShowDefault();
  AddChoice<LookFormat>(list, "--format", options.format, kFormats, "text or json");
  AddOutputOption(list, options.output);
  AddSymbolOptions(list, options.symbols);
}

absl::StatusOr<int> Run(const LookCommandOptions& options) {
  pid_t pid = 0;
  const bool is_process = absl::SimpleAtoi(options.target, &pid) && pid > 0;
  if (pid == getpid()) return absl::InvalidArgumentError("a process cannot look at itself");
  const Inputs inputs(is_process ? std::vector<std::string>() : std::vector{options.target});
  RETURN_IF_ERROR(CheckOutputs({options.output}, inputs));
  witness::LookOptions how;
  how.seconds = static_cast<double>(options.milliseconds) / 1000;
  how.registers = options.registers;
  how.symbols = options.symbols;
  ASSIGN_OR_RETURN(const Look look, is_process ? witness::LookAtProcess(pid, how)
                                               : witness::LookAtCore(options.target, how));
  RETURN_IF_ERROR(WriteOutput(options.output, options.format->write(look, options), inputs));
  return ExitCodeOf(look.conclusion);
}

}  // namespace

constinit const Command kLook = MakeCommand<LookCommandOptions, AddOptions, Run>(
    "look", "Says what a process's heap consists of, what is lost in it, and who holds the rest");

}  // namespace leaktrack
