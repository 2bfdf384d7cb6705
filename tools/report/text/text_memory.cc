// SPDX-License-Identifier: Apache-2.0
//
// The process account: where the memory is, which part of it moves, and what helps.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "tools/base/units.h"
#include "tools/report/text/first_screen.h"
#include "tools/report/text/text_sections.h"
#include "tools/report/text/text_threads.h"
#include "tools/report/words/advice_words.h"
#include "tools/report/words/columns.h"
#include "tools/report/words/growth_words.h"
#include "tools/report/words/limit_words.h"
#include "tools/report/words/memory_words.h"
#include "tools/report/words/shared_limit.h"

namespace leaktrack {
namespace {

constexpr size_t kMostAdvice = 3;
constexpr size_t kCallerColumns = 100;
constexpr int kPartColumns = 26, kSizeColumns = 12;

// A change that is within its own error is none.
bool Changes(const std::optional<Rate>& growth) {
  return growth && (growth->low > 0 || growth->high < 0);
}

// "+2.1 MiB/min"; what is too little for the unit has no sign.
std::string WithSign(double per_hour, const RateColumn& rate) {
  const std::string text = rate.Text(per_hour);
  return per_hour > 0 && text.front() != '<' ? "+" + text : text;
}

struct Part {
  std::string name;
  std::optional<double> bytes;
  std::optional<Rate> growth;
};

// What is resident adds up to the resident memory; behind it what is not.
std::vector<Part> PartsOf(const MemoryResult& memory) {
  std::vector<Part> parts;
  for (const MemoryPart& part : memory.parts)
    parts.push_back({PartText(part, memory), part.bytes, part.growth});
  const auto add = [&](const char* name, double bytes, const std::optional<Rate>& growth) {
    if (bytes >= 1 || Changes(growth)) parts.push_back({name, bytes, growth});
  };
  add("(heap not in memory)", memory.untouched_bytes.value_or(0), memory.untouched_growth);
  add("(swapped out)", static_cast<double>(memory.swap_bytes.value_or(0)), {});
  add("(mapped address space)", memory.mapped_bytes, memory.mapped_growth);
  return parts;
}

void WriteParts(const MemoryResult& memory, Page& page) {
  const std::vector<Part> parts = PartsOf(memory);
  std::vector<double> sizes, rates;
  for (const Part& part : parts) {
    sizes.push_back(part.bytes.value_or(0));
    if (Changes(part.growth)) rates.push_back(part.growth->mid);
  }
  const SizeColumn size(sizes);
  const RateColumn rate(rates);
  for (const Part& part : parts) {
    std::string change = part.growth ? "steady" : "";
    if (Changes(part.growth)) change = WithSign(part.growth->mid, rate);
    page.Line(absl::StrFormat("  %-*s%*s%s%s", kPartColumns, part.name, kSizeColumns,
                              part.bytes ? size.Text(*part.bytes) : "unknown",
                              change.empty() ? "" : "  ", change));
  }
}

// "590 MiB/min of resident memory belong to no site; nearest caller known: Map at a.c:8 (site
// 7)..."
std::string UnplacedText(const ReportInput& input) {
  const MemoryResult& memory = input.analysis.memory;
  const std::string sum =
      absl::StrCat(GrowthText(*memory.unplaced_growth), " of resident memory belong to no site; ");
  if (!memory.nearest_site) {
    return sum +
           "no call that was seen has mapped as much: stacks, files, or mappings that the "
           "tracker did not see";
  }
  const std::string who = absl::StrCat("site ", *memory.nearest_site);
  for (const SiteResult& site : input.analysis.sites) {
    if (SiteNumber(site) != *memory.nearest_site) continue;
    return absl::StrCat(sum, "the nearest caller known: ", BlameText(site, kCallerColumns), " (",
                        who, "), which has mapped ", FormatSize(site.live_bytes));
  }
  return absl::StrCat(sum, "the nearest caller known: ", who);
}

// "13 MiB resident, +16.5 MiB/min: resident memory grows with the heap; 87 % of it is told below"
std::string MemoryRemark(const ReportInput& input) {
  const MemoryResult& memory = input.analysis.memory;
  if (!memory.rss_bytes) return absl::StrCat("heap ", FormatSize(memory.live_heap_bytes));
  const bool steady = memory.memory_class == MemoryClass::kSteady;
  const std::string means = MemoryIsTheAnswer(input) ? "" : MemoryText(memory);
  std::string text = steady ? means : "";
  if (text.empty()) {
    text = absl::StrCat(FormatSize(static_cast<double>(*memory.rss_bytes)), " resident");
    if (!steady && Changes(memory.rss_growth)) {
      absl::StrAppend(&text, memory.rss_growth->mid > 0 ? ", +" : ", ",
                      GrowthRate(memory.rss_growth->mid));
    }
    absl::StrAppend(&text, means.empty() ? "" : ": ", means);
  }
  if (memory.explained_fraction) {
    absl::StrAppend(&text, absl::StrFormat("; %.0f %% of it is accounted for",
                                           std::floor(*memory.explained_fraction * 100)));
  }
  if (memory.threads && *memory.threads > 2)
    absl::StrAppend(&text, "; ", *memory.threads, " threads");
  return text;
}

}  // namespace

Remarks ProcessRemarks(const ReportInput& input) {
  const MemoryResult& memory = input.analysis.memory;
  Remarks out;
  if (const std::string limit = LimitText(input); !LimitIsInSight(input) && !limit.empty())
    out.Add("Limit", limit);
  if (const std::string shared = SharedLimitText(input); !shared.empty()) out.Add("Limit", shared);
  out.Add("Memory", MemoryRemark(input));
  if (const std::string threads = ThreadsText(input.analysis); !threads.empty())
    out.Add("Threads", threads);
  if (memory.unplaced_growth && !ThreadsAreTheGrowth(input.analysis))
    out.Add("Unplaced", UnplacedText(input));
  return out;
}

void WriteProcess(const ReportInput& input, Page& page) {
  const MemoryResult& memory = input.analysis.memory;
  for (const Remark& remark : ProcessRemarks(input)) page.Field(remark.label, remark.text);
  if (memory.rss_bytes) WriteParts(memory, page);
  const std::vector<std::string> advice = AdviceTexts(memory);
  // The first one may stand on the first screen, as what to do next.
  const std::vector<std::string> next = FirstScreenOf(input).next;
  const size_t told = !advice.empty() && std::ranges::find(next, advice[0]) != next.end() ? 1 : 0;
  for (size_t i = told; i < std::min(kMostAdvice, advice.size()); ++i)
    page.Field(i == told ? "Advice" : "", advice[i]);
}

}  // namespace leaktrack
