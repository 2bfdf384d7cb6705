// SPDX-License-Identifier: Apache-2.0
//
// `leaktrack merge`: thousands of captures, a process tree's or a fleet's, in one summary.
//
// Promises: one capture in memory at a time; names are read once for each build; a capture that
// cannot be read is counted and named, and stops nothing.
#include <unistd.h>

#include <filesystem>
#include <memory>
#include <string>
#include <system_error>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tools/analysis/analyze.h"
#include "tools/base/progress.h"
#include "tools/base/safe_text.h"
#include "tools/base/status_macros.h"
#include "tools/base/terminal.h"
#include "tools/commands/captures.h"
#include "tools/commands/command.h"
#include "tools/commands/exit_code.h"
#include "tools/commands/output.h"
#include "tools/commands/shared_options.h"
#include "tools/report/merge/merge_report.h"
#include "tools/symbolize/capture_symbolizer.h"

namespace leaktrack {
namespace {

namespace fs = std::filesystem;

constexpr size_t kMostNamed = 1000;  // unreadable files

constexpr char kExamples[] =
    "  leaktrack merge /var/tmp/captures\n"
    "  leaktrack merge --format json -o fleet.json captures/ /mnt/other-host/captures/\n\n"
    "Captures are read one after another, however many there are. Exit status: 0 nothing found, 1 "
    "a leak or a suspect in any run,\n"
    "2 the summary could not be made, 3 inconclusive (runs too short, data lost, or files that "
    "could not be read).";

struct MergeFormat;

struct MergeOptions {
  std::vector<std::string> captures;  // files, or directories, with all below them
  const MergeFormat* format = nullptr;
  std::string output;
  size_t top = 0;  // sites of each program; 0: 5 in text, all in JSON
  SymbolizerOptions symbols;
};

void Unreadable(const std::string& why, Merge& merge) {
  ++merge.unreadable;
  if (merge.unreadable_why.size() < kMostNamed) merge.unreadable_why.push_back(why);
}

void ReadOne(const std::string& path, const SymbolizerOptions& symbols, FrameCache* cache,
             Merge& merge) {
  const absl::StatusOr<capture::Capture> capture = OpenCapture(path);
  if (!capture.ok()) return Unreadable(std::string(capture.status().message()), merge);
  const std::unique_ptr<Symbolizer> symbolizer =
      NewCaptureSymbolizer(*capture, symbols, cache, SealOf(*capture));
  if (!merge.sums.Add(*capture, Analyze(*capture, *symbolizer))) ++merge.repeated;
}

std::vector<std::string> PathsOf(const MergeOptions& options, Merge& merge) {
  std::vector<std::string> paths;
  for (const std::string& place : options.captures) {
    std::error_code ignored;
    std::string problem;
    const bool directory = fs::is_directory(place, ignored);
    const std::vector<std::string> here =
        directory ? CapturesBelow(place, &problem) : std::vector<std::string>{place};
    paths.insert(paths.end(), here.begin(), here.end());
    if (!problem.empty()) Unreadable(problem, merge);
  }
  return paths;
}

void ReadAll(const std::vector<std::string>& paths, const MergeOptions& options, Merge& merge) {
  Progress progress("merging captures");
  FrameCache cache(FrameStore::For(options.symbols));
  for (size_t i = 0; i < paths.size(); ++i) {
    progress.Step(i + 1, paths.size());
    ReadOne(paths[i], options.symbols, &cache, merge);
  }
}

int ExitOf(const Merge& merge) {
  const Conclusion conclusion = merge.sums.conclusion();
  if (conclusion == Conclusion::kFound) return kExitFound;
  return conclusion == Conclusion::kClean && merge.unreadable == 0 ? kExitNothingFound
                                                                   : kExitInconclusive;
}

std::string WriteText(const Merge& merge, const MergeOptions& options) {
  MergeTextOptions text;
  text.columns = static_cast<size_t>(TerminalColumns(STDOUT_FILENO));
  text.colour = options.output.empty() && WantColour(STDOUT_FILENO);
  if (options.top != 0) text.top = options.top;
  return MergeText(merge, text);
}

std::string WriteJson(const Merge& merge, const MergeOptions& options) {
  return MergeJson(merge, options.top);
}

struct MergeFormat {
  const char* name;
  std::string (*write)(const Merge& merge, const MergeOptions& options);
};
constexpr MergeFormat kFormats[] = {{"text", WriteText}, {"json", WriteJson}};

void AddOptions(OptionList& list, MergeOptions& options) {
  list.Footer(kExamples);
  list.Add("CAPTURE", options.captures, "captures, or directories with captures in or below them")
      .Required();
  AddChoice<MergeFormat>(list, "--format", options.format, kFormats, "text or json");
  AddOutputOption(list, options.output);
  AddNumberOption(list, "--top", options.top,
                  "how many sites of each program (default: 5 in text, all in json)");
  AddSymbolOptions(list, options.symbols);
}

absl::StatusOr<int> Run(const MergeOptions& options) {
  Merge merge;
  const std::vector<std::string> paths = PathsOf(options, merge);
  const Inputs inputs(paths);
  RETURN_IF_ERROR(CheckOutputs({options.output}, inputs));
  ReadAll(paths, options, merge);
  if (merge.sums.runs() == 0) {
    if (merge.unreadable > 0) return absl::DataLossError(merge.unreadable_why.front());
    return absl::NotFoundError(
        absl::StrCat(SafeText(options.captures.front()), ": no capture (*.ltk) here or below"));
  }
  RETURN_IF_ERROR(WriteOutput(options.output, options.format->write(merge, options), inputs));
  return ExitOf(merge);
}

}  // namespace

constinit const Command kMerge = MakeCommand<MergeOptions, AddOptions, Run>(
    "merge", "Sums up a process tree or a fleet: which sites grow, in how many runs, how fast");

}  // namespace leaktrack
