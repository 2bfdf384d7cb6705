// SPDX-License-Identifier: Apache-2.0
//
// The process account, and what this run could not see.
#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "tools/base/safe_text.h"
#include "tools/base/units.h"
#include "tools/report/text_sections.h"

namespace leaktrack {
namespace {

constexpr double kFarAway = 5 * 365.0 * 86400;  // beyond this a forecast is no news
constexpr size_t kMostModules = 4, kMostDamage = 5;

struct LossLine {
  capture::LossId id;
  const char* text;
};
// What each loss means to the reader; kNestedAllocations is no loss of the program's own memory and stays in `dump`.
constexpr LossLine kLosses[] = {
    {capture::kLostAllocations, "sampled allocations found no room: live bytes are too low"},
    {capture::kLostFrees, "frees could not be settled: live bytes may be too high"},
    {capture::kLostUnwind, "samples have no stack"},
    {capture::kTruncatedStacks, "stacks were cut"},
    {capture::kLostKeptEvents, "single deaths not kept (their counters are complete)"},
    {capture::kLostCells, "births or deaths found no counter"},
    {capture::kLostModules, "modules found no room: their frames have no names"},
    {capture::kLostMappings, "mmap or munmap calls could not be settled"},
    {capture::kStaleBlocks, "frees were missed and noticed later"},
    {capture::kLostThreads, "threads had no room: their allocations were not sampled"},
};

std::string LimitText(const ProcessResult& process) {
  std::string text = absl::StrCat(FormatSize(static_cast<double>(*process.limit_bytes)), " (", process.limit_kind, "), ",
                                  absl::StrFormat("%.0f %% used", *process.used_fraction * 100));
  if (!process.seconds_mid) return text;
  if (*process.seconds_mid > kFarAway) return text + "; not reached in years at this rate";
  absl::StrAppend(&text, "; full in ", FormatDuration(*process.seconds_mid), " (", FormatDuration(*process.seconds_low),
                  " to ", process.seconds_high ? FormatDuration(*process.seconds_high) : "never", ")");
  return text;
}

const char* Means(MemoryClass memory_class) {
  switch (memory_class) {
    case MemoryClass::kSteady: return "resident memory is steady";
    case MemoryClass::kLeak: return "resident memory grows with the heap";
    case MemoryClass::kRetention: return "resident memory grows, the heap does not: freed memory is kept by the allocator";
    case MemoryClass::kMappings: return "mappings grow, not the heap";
    case MemoryClass::kUntouched: return "what grows is not resident (never touched, or swapped out)";
    case MemoryClass::kUnknown: break;
  }
  return "";
}

std::string SamplingText(const ReportInput& input) {
  const capture::Capture& capture = input.capture;
  std::string text = capture.interval_now <= 1 ? "every allocation"
                                               : absl::StrCat("one per ", FormatSize(static_cast<double>(capture.interval_now)));
  if (capture.interval_min != 0 && capture.interval_min != capture.interval_now) {
    absl::StrAppend(&text, " (", FormatSize(static_cast<double>(capture.interval_min)), " at first)");
  }
  absl::StrAppend(&text, ", ", FormatCount(capture.samples_total), " samples, ", FormatCount(capture.live_count), " still alive");
  if (input.analysis.detectable_bytes_per_hour) {
    absl::StrAppend(&text, "; growth of ", FormatRate(*input.analysis.detectable_bytes_per_hour),
                    " or more at one site would be found (4 times in 5)");
  }
  return text;
}

void WriteLosses(const capture::Capture& capture, Page& page) {
  for (const LossLine& loss : kLosses) {
    if (capture.losses[loss.id] != 0) page.Field("Lost", absl::StrCat(FormatCount(capture.losses[loss.id]), " ", loss.text));
  }
  if (capture.epochs_lost != 0) {
    page.Field("Lost", absl::StrCat(FormatCount(capture.epochs_lost), " steps of the history (totals are complete)"));
  }
  if (capture.recorder_missing) page.Field("Lost", "the last moments of the run: its flight recorder is gone");
  if (capture.exact_limit_hit_ms != 0) {
    page.Field("Note", absl::StrCat("exact mode ran out of room after ",
                                    FormatDuration(static_cast<double>(capture.exact_limit_hit_ms) / 1e3), " and began to sample"));
  }
  for (size_t i = 0; i < std::min(kMostDamage, capture.damage.size()); ++i) page.Field("Damage", SafeText(capture.damage[i]));
  if (capture.damage.size() > kMostDamage) {
    page.Field("Damage", absl::StrCat("and ", capture.damage.size() - kMostDamage, " more places"));
  }
}

void WriteHooks(const capture::Capture& capture, Page& page) {
  std::string bypassed;
  for (const auto& [name, state] : capture.hooks) {
    if (state == capture::HookState::kBypassed) absl::StrAppend(&bypassed, bypassed.empty() ? "" : ", ", SafeText(name));
  }
  if (!bypassed.empty()) page.Field("Unseen", absl::StrCat("calls that went past us: ", bypassed));
}

void WriteMissing(const std::vector<MissingSymbols>& missing, Page& page) {
  for (size_t i = 0; i < std::min(kMostModules, missing.size()); ++i) {
    const MissingSymbols& module = missing[i];
    std::string text = absl::StrCat(SafeText(module.module), ": ", SafeText(module.reason));
    if (!module.build_id.empty()) absl::StrAppend(&text, " (build-id ", SafeText(module.build_id), ")");
    if (!module.hint.empty() && i == 0) absl::StrAppend(&text, "; ", SafeText(module.hint));
    page.Field("Symbols", text);
  }
  if (missing.size() > kMostModules) {
    page.Field("Symbols", absl::StrCat("and ", missing.size() - kMostModules, " more modules lack names or lines"));
  }
}

}  // namespace

void WriteProcess(const ReportInput& input, Page& page) {
  const MemoryResult& memory = input.analysis.memory;
  std::string text = memory.rss_bytes ? absl::StrCat(FormatSize(static_cast<double>(*memory.rss_bytes)), " resident: ") : "";
  absl::StrAppend(&text, "heap ", FormatSize(memory.live_heap_bytes), ", mappings ", FormatSize(memory.mapped_bytes));
  if (memory.stack_bytes) absl::StrAppend(&text, ", stack ", FormatSize(static_cast<double>(*memory.stack_bytes)));
  if (memory.explained_fraction) {
    absl::StrAppend(&text, absl::StrFormat("; %.0f %% explained", *memory.explained_fraction * 100));
  }
  const std::string means = Means(memory.memory_class);
  page.Field("Memory", means.empty() ? text : absl::StrCat(text, "; ", means));
  if (input.analysis.process.limit_bytes) page.Field("Limit", LimitText(input.analysis.process));
  switch (input.analysis.process.status) {
    case Status::kOk: break;
    case Status::kWarning: page.Field("Status", "WARNING"); break;
    case Status::kCritical: page.Field("Status", "CRITICAL"); break;
    case Status::kOomImminent: page.Field("Status", "OOM IMMINENT"); break;
  }
}

void WriteCoverage(const ReportInput& input, Page& page) {
  page.Blank();
  page.Field("Sampling", SamplingText(input));
  WriteLosses(input.capture, page);
  WriteHooks(input.capture, page);
  WriteMissing(input.missing, page);
}

}  // namespace leaktrack
