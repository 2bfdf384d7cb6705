// SPDX-License-Identifier: Apache-2.0
#include "tools/commands/report.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <limits>
#include <memory>

#include "absl/strings/str_cat.h"
#include "tools/analysis/last_part.h"
#include "tools/base/progress.h"
#include "tools/base/safe_text.h"
#include "tools/base/status_macros.h"
#include "tools/base/terminal.h"
#include "tools/base/units.h"
#include "tools/commands/captures.h"
#include "tools/commands/excerpts.h"
#include "tools/commands/exit_code.h"
#include "tools/commands/history_file.h"
#include "tools/commands/output.h"
#include "tools/report/formats.h"
#include "tools/report/input/fleet.h"
#include "tools/report/words/selection_words.h"
#include "tools/report/words/shared_limit.h"
#include "tools/symbolize/capture_symbolizer.h"

namespace leaktrack {
namespace {

constexpr int kPipedColumns =
    80;  // a file or a pipe may be read anywhere; a terminal shows all that it has room for
constexpr size_t kAllFrames = 1000;  // as good as all: of one site there is room

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

absl::StatusOr<ReportInput> ReadOne(const std::string& path, const ReportOptions& options,
                                    const Reading& reading, FrameCache* cache) {
  ReportInput input;
  ASSIGN_OR_RETURN(input.capture, OpenCapture(path));
  std::optional<Seal> seal = SealOf(input.capture);
  const bool sources = options.format == "html" && !options.no_source;
  if (seal) {
    input.sealed_at = seal->made_at;
    if (sources) input.sources = std::move(seal->sources);
  }
  const std::unique_ptr<Symbolizer> symbolizer =
      NewCaptureSymbolizer(input.capture, options.symbols, cache, std::move(seal));
  input.analysis = AnalyzeLast(input.capture, reading.window_ms, *symbolizer, reading.analyze);
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

// The text counts entries, not sites, and cuts them by itself.
SelectionOptions SelectionFor(const ReportFormat& format, const ReportOptions& options) {
  return {options.site, options.filter, std::string_view(format.name) == "text" ? 0 : options.top,
          format.most_unasked};
}

// Not every format has a place for it, and who reads a picture should know what it does not show.
void SayScope(const ReportFormat& format, const Fleet& fleet) {
  if (std::string_view(format.name) == "text") return;
  const std::string scope = ScopeText(fleet.runs.front());
  if (!scope.empty()) fprintf(stderr, "leaktrack: %s\n", SafeText(scope).c_str());
}

std::string Named(const ReportOptions& options) {
  return absl::StrCat(SafeText(options.captures.front()),
                      options.captures.size() > 1 ? " and others" : "");
}

absl::Status CheckFormat(const ReportFormat& format, const ReportOptions& options,
                         size_t captures) {
  if (captures > 1 && format.fleet == nullptr) {
    return absl::InvalidArgumentError(
        absl::StrCat(Named(options), ": ", captures, " captures; --format ", format.name,
                     " tells of one: name it (report without --format lists them)"));
  }
  if (captures > 1 && options.site) {
    return absl::InvalidArgumentError(
        absl::StrCat("--site: the numbers of sites are those of one capture; ", Named(options),
                     ": ", captures, " captures: name one, or use --filter"));
  }
  if (format.binary && options.output.empty() && isatty(STDOUT_FILENO)) {
    return absl::InvalidArgumentError(absl::StrCat(
        "--format ", format.name, " is not for a terminal; write it to a file by -o FILE"));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<int> RunReport(const ReportOptions& options) {
  Reading reading;
  ASSIGN_OR_RETURN(reading.analyze, ReadSettings(options.settings));
  ASSIGN_OR_RETURN(reading.window_ms, ReadWindow(options.since));
  const HistoryPlace history = options.no_history ? HistoryPlace() : HistoryAt(options.history);
  const PlateauBook plateaus = ReadHistory(history);
  reading.analyze.plateaus = &plateaus;
  ASSIGN_OR_RETURN(const std::vector<std::string> paths, CapturesAtAll(options.captures));
  const ReportFormat& format = *FindReportFormat(options.format);
  RETURN_IF_ERROR(CheckFormat(format, options, paths.size()));
  Inputs inputs(paths);
  inputs.AddAll(options.settings.wrapper_files);
  RETURN_IF_ERROR(CheckOutputs({options.output}, inputs));
  ASSIGN_OR_RETURN(Fleet fleet, ReadAll(paths, options, reading));
  if (fleet.runs.empty()) return absl::DataLossError(fleet.unreadable.front());
  Remember(fleet, history);
  RankRuns(fleet);
  NoteSharedLimits(fleet.runs);
  for (ReportInput& run : fleet.runs)
    run.selection = SelectSites(SelectionFor(format, options), run.analysis.sites);
  const FormatOptions format_options{TextOptionsFor(options), options.top};
  const auto write = [&](TextSink& sink) {
    if (paths.size() == 1) return format.one(fleet.runs.front(), format_options, sink);
    format.fleet(fleet, format_options, sink);
  };
  RETURN_IF_ERROR(WriteOutput(options.output, write, inputs));
  SayScope(format, fleet);
  return ExitOf(FleetConclusion(fleet));
}

}  // namespace leaktrack
