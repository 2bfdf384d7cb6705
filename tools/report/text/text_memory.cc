// SPDX-License-Identifier: Apache-2.0
//
// The process account: how near the limit is, where the memory is, which part of it moves, and what
// helps.
#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "tools/base/units.h"
#include "tools/report/text/text_sections.h"
#include "tools/report/words/advice_words.h"
#include "tools/report/words/growth_words.h"
#include "tools/report/words/memory_words.h"
#include "tools/report/words/names.h"
#include "tools/report/words/shared_limit.h"

namespace leaktrack {
namespace {

constexpr double kFarAway = 5 * 365.0 * 86400;  // beyond this a forecast is no news
constexpr size_t kMostAdvice = 3;
constexpr size_t kCallerColumns = 100;
constexpr size_t kPartColumns = 26, kSizeColumns = 10;

std::string InTime(const std::optional<double>& seconds) {
  return seconds && *seconds <= kFarAway ? FormatDuration(*seconds) : "never";
}

// "full in 5h 28m (8 in 10: 4h 57m to 6h 3m)"
std::string ForecastText(const ProcessResult& process) {
  if (process.odds.empty()) return "";
  if (!process.seconds_mid || *process.seconds_mid > kFarAway) {
    return process.seconds_low && *process.seconds_low <= kFarAway
               ? absl::StrCat("full in ", FormatDuration(*process.seconds_low),
                              " at the earliest, more likely never")
               : "not reached in years at this rate";
  }
  return absl::StrCat("full in ", InTime(process.seconds_mid),
                      " (8 times in 10: ", InTime(process.seconds_low), " to ",
                      InTime(process.seconds_high), ")");
}

std::string LimitText(const ProcessResult& process) {
  const char* kind =
      process.limit_kind == LimitKind::kOption ? "--limit" : Name(process.limit_kind);
  const std::string forecast = ForecastText(process);
  return absl::StrCat(FormatSize(static_cast<double>(*process.limit_bytes)), " (", kind, "), ",
                      absl::StrFormat("%.0f %% used", *process.used_fraction * 100),
                      forecast.empty() ? "" : "; ", forecast);
}

const char* StatusText(Status status) {
  switch (status) {
    case Status::kOk:
      return "OK";
    case Status::kWarning:
      return "WARNING";
    case Status::kCritical:
      return "CRITICAL";
    case Status::kOomImminent:
      return "OOM IMMINENT";
  }
  return "";
}

// Which of the two made it so.
std::string StatusLine(const ProcessResult& process) {
  std::string text = StatusText(process.status);
  if (process.status == Status::kOk || !process.used_fraction) return text;
  absl::StrAppend(&text, ": ",
                  absl::StrFormat("%.0f %% of the limit used", *process.used_fraction * 100));
  if (process.seconds_mid) absl::StrAppend(&text, ", full in ", InTime(process.seconds_mid));
  return text;
}

// A change that is within its own error is none.
std::string Change(const std::optional<Rate>& growth) {
  if (!growth) return "";
  if (growth->low > 0) return "+" + GrowthRate(growth->mid);
  return growth->high < 0 ? GrowthRate(growth->mid) : "steady";
}

void Part(const std::string& name, const std::string& size, const std::optional<Rate>& growth,
          Page& page) {
  const std::string change = Change(growth);
  page.Line(absl::StrFormat("  %-*s%*s%s%s", kPartColumns, name, kSizeColumns, size,
                            change.empty() ? "" : "  ", change));
}

void PartIfKnown(const std::string& name, const std::optional<int64_t>& bytes, Page& page) {
  if (bytes && *bytes > 0) Part(name, FormatSize(static_cast<double>(*bytes)), std::nullopt, page);
}

void WriteParts(const MemoryResult& memory, Page& page) {
  Part("live heap", FormatSize(memory.live_heap_bytes), memory.heap_growth, page);
  const std::string who = AllocatorText(memory, "allocator");
  if (memory.retained_bytes) {
    Part(absl::StrCat("freed, kept by ", who), FormatSize(*memory.retained_bytes),
         memory.retained_growth, page);
  } else {
    Part(absl::StrCat("freed, kept by ", who), "unknown", std::nullopt, page);
  }
  if (memory.file_bytes || memory.shared_bytes) {
    PartIfKnown("files and shared memory",
                memory.file_bytes.value_or(0) + memory.shared_bytes.value_or(0), page);
  }
  // Overhead of the allocator, stacks, mappings that were touched: whatever is left.
  if (memory.unexplained_bytes)
    Part("stacks, mappings, rest", FormatSize(*memory.unexplained_bytes), memory.unexplained_growth,
         page);
  if (memory.swap_bytes) PartIfKnown("swapped out, not resident", memory.swap_bytes, page);
  std::string space = FormatSize(memory.mapped_bytes);
  if (memory.mapped_bytes > 0) Part("(mapped address space)", space, memory.mapped_growth, page);
}

// "590 MiB/min of resident memory belong to no site; nearest caller known: Map at a.c:8 (site
// 7)..."
std::string UnplacedText(const ReportInput& input) {
  const MemoryResult& memory = input.analysis.memory;
  const std::string sum =
      absl::StrCat(GrowthText(*memory.unplaced_growth), " of resident memory belong to no site; ");
  if (!memory.nearest_site) {
    return sum + "no call that we saw has mapped as much: stacks, files, or mappings made past us";
  }
  const std::string who = absl::StrCat("site ", *memory.nearest_site);
  for (const SiteResult& site : input.analysis.sites) {
    if (SiteNumber(site) != *memory.nearest_site) continue;
    return absl::StrCat(sum, "nearest caller known: ", BlameText(site, kCallerColumns), " (", who,
                        "), which has mapped ", FormatSize(site.live_bytes));
  }
  return absl::StrCat(sum, "nearest caller known: ", who);
}

}  // namespace

Remarks ProcessRemarks(const ReportInput& input) {
  const ProcessResult& process = input.analysis.process;
  const MemoryResult& memory = input.analysis.memory;
  Remarks out;
  out.Add("Status", StatusLine(process));
  if (process.limit_bytes) out.Add("Limit", LimitText(process));
  if (const std::string shared = SharedLimitText(input); !shared.empty()) out.Add("Limit", shared);
  std::string text =
      memory.rss_bytes
          ? absl::StrCat(FormatSize(static_cast<double>(*memory.rss_bytes)), " resident")
          : absl::StrCat("heap ", FormatSize(memory.live_heap_bytes));
  if (const std::string change = Change(memory.rss_growth); !change.empty())
    absl::StrAppend(&text, " (", change, ")");
  if (memory.explained_fraction) {
    absl::StrAppend(&text, absl::StrFormat(", %.0f %% explained",
                                           std::floor(*memory.explained_fraction * 100)));
  }
  if (memory.threads && *memory.threads > 2)
    absl::StrAppend(&text, ", ", *memory.threads, " threads");
  if (const std::string means = MemoryText(memory); memory.rss_bytes && !means.empty())
    absl::StrAppend(&text, "; ", means);
  out.Add("Memory", text);
  if (memory.unplaced_growth) out.Add("Unplaced", UnplacedText(input));
  return out;
}

void WriteProcess(const ReportInput& input, Page& page) {
  const MemoryResult& memory = input.analysis.memory;
  for (const Remark& remark : ProcessRemarks(input)) page.Field(remark.label, remark.text);
  if (memory.rss_bytes) WriteParts(memory, page);
  const std::vector<std::string> advice = AdviceTexts(memory);
  for (size_t i = 0; i < std::min(kMostAdvice, advice.size()); ++i) page.Field("Advice", advice[i]);
}

}  // namespace leaktrack
