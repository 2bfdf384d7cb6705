// SPDX-License-Identifier: Apache-2.0
//
// `leaktrack report`: what grew, how fast, how sure. Its exit status is a contract (exit_code.h).
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "tools/analysis/last_part.h"
#include "tools/base/progress.h"
#include "tools/base/safe_text.h"
#include "tools/base/status_macros.h"
#include "tools/base/terminal.h"
#include "tools/base/units.h"
#include "tools/commands/captures.h"
#include "tools/commands/command.h"
#include "tools/commands/excerpts.h"
#include "tools/commands/exit_code.h"
#include "tools/commands/history_file.h"
#include "tools/commands/memory_watch.h"
#include "tools/commands/output.h"
#include "tools/commands/report_settings.h"
#include "tools/commands/shared_options.h"
#include "tools/report/formats.h"
#include "tools/report/input/fleet.h"
#include "tools/report/words/selection_words.h"
#include "tools/report/words/shared_limit.h"
#include "tools/symbolize/capture_symbolizer.h"
#include "tools/witness/memory_file.h"

namespace leaktrack {
namespace {

// A file or a pipe may be read anywhere; a terminal shows all that it has room for.
constexpr int kPipedColumns = 80;
constexpr size_t kAllFrames = 1000;  // as good as all: one site has room for its whole stack

constexpr char kExamples[] =
    "  leaktrack report host.service.4711.0f3c.ltk\n"
    "  leaktrack report --format json -o report.json captures/\n"
    "  leaktrack report --format html -o report.html host.service.4711.0f3c.ltk     one file, "
    "needs no network\n"
    "  leaktrack report --format pprof -o heap.pb.gz host.service.4711.0f3c.ltk     then: go tool "
    "pprof -http : heap.pb.gz\n"
    "  leaktrack report --format folded host.service.4711.0f3c.ltk | flamegraph.pl --countname "
    "bytes > heap.svg\n"
    "  leaktrack report --since 2h --filter 'libssl*' host.service.4711.0f3c.ltk\n"
    "  leaktrack report --limit 2GiB --status-time 72h,4h,30m captures/\n\n"
    "The report says what --top, --site and --filter leave out; totals, the first line and the "
    "exit status are those of all sites.\n"
    "With --since they are those of the last part of the run; what is alive, and how old it is, "
    "stays that of the whole run.\n\n"
    "Exit status: 0 nothing found, 1 a leak or a suspect, 2 the report could not be made,\n"
    "3 inconclusive (the run, or the part judged, was too short, or data was lost).";

struct ReportOptions {
  std::vector<std::string> captures;  // files, or directories of them
  const ReportFormat* format = nullptr;
  std::string output;  // empty: standard output
  SymbolizerOptions symbols;
  ReportSettings settings;
  std::string history;      // where plateaus are remembered; empty: in the user's state directory
  bool no_history = false;  // neither read nor write it
  bool no_source = false;   // keep source lines out of the page
  size_t top = 0;           // sites in full; 0: as the format has it
  bool verbose = false;     // in text: list what is a count otherwise
  std::optional<uint32_t> site;  // this one alone
  std::string filter;            // only what has this function or module
  std::string since;             // a duration: judge only so much, up to the end
};

// What all captures of one report are read with.
struct Reading {
  AnalyzeOptions analyze;
  uint64_t window_ms = std::numeric_limits<uint64_t>::max();
};

absl::StatusOr<uint64_t> ReadWindow(const std::string& since) {
  if (since.empty()) return std::numeric_limits<uint64_t>::max();
  const absl::StatusOr<uint64_t> window_ms = ParseDurationMs(since);
  if (window_ms.ok() && *window_ms > 0) return *window_ms;
  return absl::InvalidArgumentError(
      absl::StrCat("--since: '", SafeText(since), "' is not a duration such as 2h or 90s"));
}

// What was seen in the memory of the process; of one that lives and that nobody watches, what is
// seen now.
std::optional<witness::RunMemory> MemoryOf(const capture::Capture& capture,
                                           const ReportOptions& options) {
  const capture::ProcessInfo& process = capture.process;
  std::optional<witness::RunMemory> memory = witness::ReadMemoryFile(capture.path, process.run_id);
  const bool alone = capture.running && !capture.as_of && process.pid_here != 0 && !memory;
  if (alone && options.captures.size() == 1)
    memory = LookTwice(static_cast<pid_t>(process.pid_here), process.run_id, options.symbols);
  return memory;
}

absl::StatusOr<ReportInput> ReadOne(const std::string& path, const ReportOptions& options,
                                    const Reading& reading, FrameCache* cache) {
  ReportInput input;
  ASSIGN_OR_RETURN(input.capture, OpenCapture(path));
  std::optional<Seal> seal = SealOf(input.capture);
  const bool sources = options.format->needs_sources && !options.no_source;
  if (seal) {
    input.sealed_at = seal->made_at;
    if (sources) input.sources = std::move(seal->sources);
  }
  const std::unique_ptr<Symbolizer> symbolizer =
      NewCaptureSymbolizer(input.capture, options.symbols, cache, std::move(seal));
  AnalyzeOptions analyze = reading.analyze;
  const std::optional<witness::RunMemory> memory = MemoryOf(input.capture, options);
  if (memory) analyze.memory = &*memory;
  input.analysis = AnalyzeLast(input.capture, reading.window_ms, *symbolizer, analyze);
  input.missing = symbolizer->missing();
  // Names from a seal may come from anywhere: they do not say which files of this machine are
  // opened.
  if (sources && !input.sealed_at)
    input.sources = ReadExcerpts(input.analysis, options.symbols.sysroot);
  return input;
}

absl::StatusOr<Fleet> ReadAll(const std::vector<std::string>& paths, const ReportOptions& options,
                              const Reading& reading) {
  Progress progress(paths.size() == 1 ? "reading " + paths.front() : "reading captures");
  FrameCache cache(FrameStore::For(options.symbols));
  Fleet fleet;
  for (size_t i = 0; i < paths.size(); ++i) {
    progress.Step(i + 1, paths.size());
    absl::StatusOr<ReportInput> input = ReadOne(paths[i], options, reading, &cache);
    if (input.ok()) {
      fleet.runs.push_back(*std::move(input));
    } else if (paths.size() == 1) {
      return input.status();
    } else {
      // One bad file does not hide the others.
      fleet.unreadable.emplace_back(std::string(input.status().message()));
    }
  }
  return fleet;
}

// When the run ended, or was looked at: what is learned from an old capture is old.
int64_t EndOf(const capture::Capture& capture) {
  return capture.process.start_realtime_ns / 1'000'000'000 +
         static_cast<int64_t>(capture.duration_ms / 1000);
}

// Best effort: a report is a report without it. Nothing is learned from a part of a run: where it
// stands still for an hour, it may have grown before.
void Remember(const Fleet& fleet, const HistoryPlace& place) {
  PlateauBook learned;
  for (const ReportInput& run : fleet.runs) {
    if (!run.analysis.window_seconds) learned.Learn(run.analysis, EndOf(run.capture));
  }
  if (!learned.empty()) (void)AddToHistory(place, learned);
}

int ExitOf(Conclusion conclusion) {
  switch (conclusion) {
    case Conclusion::kFound:
      return kExitFound;
    case Conclusion::kClean:
      return kExitNothingFound;
    case Conclusion::kGrows:
    case Conclusion::kTooShort:
    case Conclusion::kDataLost:
      break;
  }
  return kExitInconclusive;
}

TextOptions TextOptionsFor(const ReportOptions& options) {
  TextOptions text;
  text.columns = static_cast<size_t>(
      options.output.empty() ? TerminalColumns(STDOUT_FILENO, kPipedColumns) : kPipedColumns);
  text.colour = options.output.empty() && WantColour(STDOUT_FILENO);
  if (options.top != 0) text.top = options.top;
  if (options.site) text.stack_frames = kAllFrames;
  text.verbose = options.verbose;
  return text;
}

SelectionOptions SelectionFor(const ReportOptions& options) {
  const ReportFormat& format = *options.format;
  return {options.site, options.filter, format.cut == Cut::kAlways ? 0 : options.top,
          format.cut == Cut::kNever ? format.sites : 0};
}

// Not every format has a place for it, and the reader of a picture should know what is not in it.
void SayScope(const ReportFormat& format, const Fleet& fleet) {
  const std::string scope = format.tells_scope ? "" : ScopeText(fleet.runs.front());
  if (!scope.empty()) fprintf(stderr, "leaktrack: %s\n", SafeText(scope).c_str());
}

std::string Named(const ReportOptions& options) {
  return absl::StrCat(SafeText(options.captures.front()),
                      options.captures.size() > 1 ? " and others" : "");
}

absl::Status CheckFormat(const ReportOptions& options, size_t captures) {
  const ReportFormat& format = *options.format;
  if (captures > 1 && format.fleet == nullptr) {
    return absl::InvalidArgumentError(absl::StrCat(
        "--format ", format.name, " shows one capture; ", Named(options), " stands for ", captures,
        ": name one of them (report without --format lists them)"));
  }
  if (captures > 1 && options.site) {
    return absl::InvalidArgumentError(absl::StrCat("--site takes a number of one capture; ",
                                                   Named(options), " stands for ", captures,
                                                   ": name one of them, or use --filter"));
  }
  return format.binary ? CheckNotForTerminal(format.name, options.output) : absl::OkStatus();
}

// "what to write: text for a terminal (default), json for programs, ..."
std::string FormatHelp() {
  return absl::StrCat(
      "what to write: ",
      absl::StrJoin(ReportFormats(), ", ", [](std::string* out, const ReportFormat& format) {
        absl::StrAppend(out, format.name, " ", format.help);
      }));
}

// "... 5 in text, 2000 in json, all in the others"
std::string TopHelp() {
  std::string defaults;
  for (const ReportFormat& format : ReportFormats()) {
    if (format.sites != 0) absl::StrAppend(&defaults, format.sites, " in ", format.name, ", ");
  }
  return absl::StrCat("how many sites in full (default: ", defaults, "all in the other formats)");
}

// Which sites are shown.
void AddSelection(OptionList& list, ReportOptions& options) {
  AddNumberOption(list, "--top", options.top, TopHelp());
  list.Flag("--verbose", options.verbose,
            "in text, list each file that lacks names, with what would help");
  AddNumberOption(list, "--site", options.site,
                  "only the site of this number, as the report gives it, with its whole stack");
  list.Add("--filter", options.filter,
           "only sites with this function or module in their stack: a part of the name, or "
           "all of it with * for any")
      .Type("PATTERN");
  list.Add("--since", options.since,
           "judge only the last part of the run, such as 2h; what was alive before does not "
           "count as growth")
      .Type("DURATION");
}

void AddHistory(OptionList& list, ReportOptions& options) {
  const OptionEntry no_history =
      list.Flag("--no-history", options.no_history,
                "neither use nor add to what earlier runs of the program taught");
  list.Add("--history", options.history,
           "where what earlier runs taught is kept (default: $XDG_STATE_HOME/leaktrack)")
      .Type("DIR")
      .Excludes(no_history);
}

void AddOptions(OptionList& list, ReportOptions& options) {
  list.Footer(kExamples);
  list.Add("CAPTURE", options.captures, "captures, or directories of captures").Required();
  AddChoice(list, "--format", options.format, ReportFormats(), FormatHelp());
  AddOutputOption(list, options.output);
  AddSelection(list, options);
  AddSymbolOptions(list, options.symbols);
  list.Flag("--no-source", options.no_source,
            "put no source lines into the html page: for a page to pass on");
  AddHistory(list, options);
  AddSettings(list, options.settings);
}

void WriteFleet(const Fleet& fleet, const ReportOptions& options, TextSink& sink) {
  const FormatOptions format_options{TextOptionsFor(options), options.top};
  if (fleet.runs.size() + fleet.unreadable.size() == 1)
    return options.format->one(fleet.runs.front(), format_options, sink);
  options.format->fleet(fleet, format_options, sink);
}

absl::StatusOr<int> Run(const ReportOptions& options) {
  Reading reading;
  ASSIGN_OR_RETURN(reading.analyze, ReadSettings(options.settings));
  ASSIGN_OR_RETURN(reading.window_ms, ReadWindow(options.since));
  const HistoryPlace history = options.no_history ? HistoryPlace() : HistoryAt(options.history);
  const PlateauBook plateaus = ReadHistory(history);
  reading.analyze.plateaus = &plateaus;
  ASSIGN_OR_RETURN(const std::vector<std::string> paths, CapturesAtAll(options.captures));
  RETURN_IF_ERROR(CheckFormat(options, paths.size()));
  Inputs inputs(paths);
  inputs.AddAll(options.settings.wrapper_files);
  RETURN_IF_ERROR(CheckOutputs({options.output}, inputs));
  ASSIGN_OR_RETURN(Fleet fleet, ReadAll(paths, options, reading));
  if (fleet.runs.empty()) return absl::DataLossError(fleet.unreadable.front());
  Remember(fleet, history);
  RankRuns(fleet);
  NoteSharedLimits(fleet.runs);
  for (ReportInput& run : fleet.runs)
    run.selection = SelectSites(SelectionFor(options), run.analysis.sites);
  RETURN_IF_ERROR(WriteOutput(
      options.output, [&](TextSink& sink) { WriteFleet(fleet, options, sink); }, inputs));
  SayScope(*options.format, fleet);
  return ExitOf(FleetConclusion(fleet));
}

}  // namespace

constinit const Command kReport = MakeCommand<ReportOptions, AddOptions, Run>(
    "report", "Says which call sites grow, how fast, and how sure that is");

}  // namespace leaktrack
