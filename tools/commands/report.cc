// SPDX-License-Identifier: Apache-2.0
#include "tools/commands/report.h"

#include <unistd.h>

#include <algorithm>
#include <memory>

#include "absl/strings/str_cat.h"
#include "tools/analysis/analyze.h"
#include "tools/base/safe_text.h"
#include "tools/base/status_macros.h"
#include "tools/base/terminal.h"
#include "tools/commands/captures.h"
#include "tools/commands/exit_code.h"
#include "tools/commands/history_file.h"
#include "tools/commands/output.h"
#include "tools/report/formats.h"
#include "tools/symbolize/symbolizer.h"

namespace leaktrack {
namespace {

constexpr size_t kTextColumns = 80;

// The source around the frames that a reader looks at first: from the blamed one outwards, of the worst sites.
void ReadSources(const std::string& sysroot, ReportInput& input) {
  constexpr size_t kSites = 100, kFrames = 12, kMost = 600;
  constexpr uint32_t kAround = 3;
  SourceLines lines(sysroot);
  for (size_t i = 0; i < std::min(kSites, input.analysis.sites.size()); ++i) {
    const SiteResult& site = input.analysis.sites[i];
    for (size_t f = site.blame; f < std::min(site.stack.size(), site.blame + kFrames) && input.sources.size() < kMost; ++f) {
      const ResolvedFrame& frame = site.stack[f];
      std::optional<SourceExcerpt> excerpt = lines.Around(frame, kAround);
      if (excerpt) input.sources.emplace(absl::StrCat(frame.file, ":", frame.line), *std::move(excerpt));
    }
  }
}

absl::StatusOr<ReportInput> ReadOne(const std::string& path, const ReportOptions& options, const AnalyzeOptions& settings) {
  ReportInput input;
  ASSIGN_OR_RETURN(input.capture, OpenCapture(path));
  const std::unique_ptr<Symbolizer> symbolizer = NewElfSymbolizer(input.capture.modules, {options.sysroot, options.debug_dirs});
  input.analysis = Analyze(input.capture, *symbolizer, settings);
  input.missing = symbolizer->missing();
  if (options.format == "html" && !options.no_source) ReadSources(options.sysroot, input);
  return input;
}

// When the run ended, or was looked at: what is learned from an old capture is old.
int64_t EndOf(const capture::Capture& capture) {
  return capture.process.start_realtime_ns / 1'000'000'000 + static_cast<int64_t>(capture.duration_ms / 1000);
}

// Best effort: a report is a report without it.
void Remember(const Fleet& fleet, const std::string& directory) {
  PlateauBook learned;
  for (const ReportInput& run : fleet.runs) learned.Learn(run.analysis, EndOf(run.capture));
  if (!learned.empty()) (void)AddToHistory(directory, learned);
}

int ExitOf(Conclusion conclusion) {
  switch (conclusion) {
    case Conclusion::kFound: return kExitFound;
    case Conclusion::kClean: return kExitNothingFound;
    default: return kExitInconclusive;
  }
}

TextOptions TextOptionsFor(const ReportOptions& options) {
  TextOptions text;
  text.columns = static_cast<size_t>(std::min<int>(kTextColumns, TerminalColumns(STDOUT_FILENO)));
  text.colour = options.output.empty() && WantColour(STDOUT_FILENO);
  if (options.top != 0) text.top = options.top;
  return text;
}

absl::Status CheckFormat(const ReportFormat& format, const ReportOptions& options, size_t captures) {
  if (captures > 1 && format.fleet == nullptr) {
    return absl::InvalidArgumentError(absl::StrCat(SafeText(options.capture), ": holds ", captures, " captures; --format ", format.name,
                                                   " tells of one: name it (report without --format lists them)"));
  }
  if (format.binary && options.output.empty() && isatty(STDOUT_FILENO)) {
    return absl::InvalidArgumentError(absl::StrCat("--format ", format.name, " is not for a terminal; write it to a file by -o FILE"));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<int> RunReport(const ReportOptions& options) {
  ASSIGN_OR_RETURN(AnalyzeOptions settings, ReadSettings(options.settings));
  const std::string history = options.no_history ? "" : options.history.empty() ? DefaultHistoryDirectory() : options.history;
  const PlateauBook plateaus = ReadHistory(history);
  settings.plateaus = &plateaus;
  ASSIGN_OR_RETURN(const std::vector<std::string> paths, CapturesAt(options.capture));
  const ReportFormat& format = *FindReportFormat(options.format);
  RETURN_IF_ERROR(CheckFormat(format, options, paths.size()));
  Fleet fleet;
  for (const std::string& path : paths) {
    absl::StatusOr<ReportInput> input = ReadOne(path, options, settings);
    if (input.ok()) {
      fleet.runs.push_back(*std::move(input));
    } else if (paths.size() == 1) {
      return input.status();
    } else {
      // One bad file does not hide the others.
      fleet.unreadable.emplace_back(std::string(input.status().message()));
    }
  }
  if (fleet.runs.empty()) return absl::DataLossError(fleet.unreadable.front());
  RankRuns(fleet);
  const FormatOptions format_options{TextOptionsFor(options), options.top};
  RETURN_IF_ERROR(WriteOutput(options.output, paths.size() == 1 ? format.one(fleet.runs.front(), format_options)
                                                                : format.fleet(fleet, format_options)));
  Remember(fleet, history);
  return ExitOf(FleetConclusion(fleet));
}

}  // namespace leaktrack
