// SPDX-License-Identifier: Apache-2.0
#include "tools/report/text/text_report.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "tools/base/safe_text.h"
#include "tools/base/units.h"
#include "tools/report/text/text_sections.h"
#include "tools/report/words/growth_words.h"
#include "tools/report/words/process_name.h"

namespace leaktrack {
namespace {

std::string Accusation(const SiteGroup& group) {
  switch (group.first().verdict) {
    case Verdict::kLeak:
      return "LEAK: ";
    case Verdict::kSuspect:
      return "SUSPECT: ";
    default:
      return "GROWS: ";
  }
}

std::string HowMuch(const SiteGroup& group) {
  return absl::StrCat("grows ", GrowthText(group.growth), ", ", PercentText(group.leak_probability),
                      " a leak");
}

std::string FoundHeadline(const SiteGroup& group, size_t columns) {
  const std::string head = Accusation(group);
  const std::string tail = " " + HowMuch(group);
  const size_t used = DisplayColumns(head) + DisplayColumns(tail);
  return absl::StrCat(head, BlameText(group.first(), columns > used + 12 ? columns - used : 12),
                      tail);
}

// One line, or, where that would cut the culprit's name, two.
void WriteFound(const SiteGroup& group, size_t columns, Tint tint, Page& page) {
  constexpr size_t kUncut = 4096;
  const std::string head = Accusation(group);
  if (DisplayColumns(FoundHeadline(group, kUncut)) <= columns) {
    page.Line(FoundHeadline(group, kUncut), tint);
    return;
  }
  page.Line(absl::StrCat(head, BlameText(group.first(), columns - head.size())), tint);
  page.Line(absl::StrCat(std::string(head.size(), ' '), HowMuch(group)), tint);
}

// Clean, but the process grows: the sentence that saves a night of searching for a leak.
std::string NotTheHeap(const MemoryResult& memory) {
  if (memory.memory_class == MemoryClass::kRetention) {
    return absl::StrCat("NO LEAK: ", memory.allocator.empty() ? "the allocator" : memory.allocator,
                        " keeps what was freed (retention)");
  }
  if (memory.memory_class == MemoryClass::kMappings)
    return "NO HEAP LEAK: mappings, stacks or files grow, not the heap";
  return "";
}

std::string CleanHeadline(const Analysis& analysis) {
  if (const std::string other = NotTheHeap(analysis.memory); !other.empty()) return other;
  if (!analysis.detectable_bytes_per_hour) return "No growth found.";
  return absl::StrCat("No growth found. This run could have seen a leak of ",
                      GrowthRate(*analysis.detectable_bytes_per_hour), " or more.");
}

bool NamesASite(const Analysis& analysis) {
  return analysis.conclusion == Conclusion::kFound || analysis.conclusion == Conclusion::kGrows;
}

}  // namespace

Tint HeadlineTint(const Analysis& analysis) {
  switch (analysis.conclusion) {
    case Conclusion::kFound:
      return Tint::kRed;
    case Conclusion::kClean:
      return NotTheHeap(analysis.memory).empty() ? Tint::kGreen : Tint::kYellow;
    default:
      return Tint::kYellow;
  }
}

std::string Introduction(const ReportInput& input) {
  const capture::Capture& capture = input.capture;
  std::string text = CommandText(capture.process);
  absl::StrAppend(&text, " (pid ", capture.process.pid);
  if (!capture.process.host.empty()) absl::StrAppend(&text, " on ", SafeText(capture.process.host));
  absl::StrAppend(&text, "), ", FormatDuration(input.analysis.duration_seconds), " watched, ");
  const std::string end = EndName(capture);
  if (capture.as_of) return text + "running when this was sealed";
  return text + (end == "running"   ? "still running"
                 : end == "unknown" ? "end unknown"
                 : end == "exec"    ? "replaced by exec"
                                    : end);
}

std::string Headline(const ReportInput& input, size_t columns) {
  const Analysis& analysis = input.analysis;
  std::string text;
  if (NamesASite(analysis)) {
    text = FoundHeadline(GroupsToTell(SitesOfTheHeadline(input)).front(), columns);
  } else if (analysis.conclusion == Conclusion::kClean) {
    text = CleanHeadline(analysis);
  } else {
    text = absl::StrCat("INCONCLUSIVE: ", analysis.inconclusive_because);
  }
  return ShortenMiddle(text, columns);
}

std::string TextReport(const ReportInput& input, const TextOptions& options) {
  Page page(options.columns, options.colour);
  if (NamesASite(input.analysis)) {
    WriteFound(GroupsToTell(SitesOfTheHeadline(input)).front(), options.columns,
               HeadlineTint(input.analysis), page);
  } else {
    page.Line(Headline(input, options.columns), HeadlineTint(input.analysis));
  }
  page.Blank();
  page.Field("Program", Introduction(input));
  if (const std::string window = WindowText(input); !window.empty()) {
    page.Field("Window", absl::StrCat(window, "; what is older is no growth here"));
  }
  if (input.analysis.warming_up) {
    page.Field(
        "Note",
        "so many sites grow at once that the process is warming up: nothing is confirmed yet");
  }
  WriteProcess(input, page);
  WriteSites(input, options, page);
  WriteCoverage(input, page);
  return page.text();
}

}  // namespace leaktrack
