// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>

#include "absl/strings/str_cat.h"
#include "tools/base/safe_text.h"
#include "tools/base/units.h"
#include "tools/report/look/look_report.h"
#include "tools/report/words/counted.h"
#include "tools/report/words/page.h"
#include "tools/report/words/witness_words.h"

namespace leaktrack {
namespace {

using witness::Conclusion;
using witness::Group;
using witness::Look;
using witness::MemoryVerdict;

std::string Size(uint64_t bytes) { return FormatSize(static_cast<double>(bytes)); }

std::string GroupName(const Group& group) {
  if (!group.type.empty()) return SafeText(group.type);
  return absl::StrCat("blocks of ", Size(group.block_bytes));
}

std::string GrowthText(const Group& group) {
  if (!group.growth) return "";
  const std::string sign = group.growth->rate > 0 ? "+" : "";
  return absl::StrCat(sign, FormatRate(group.growth->rate),
                      " (90 % range: ", FormatRate(group.growth->low), " to ",
                      FormatRate(group.growth->high), ")");
}

// "16 MiB in 5s"
std::string ResidentGrowth(const Look& look) {
  return absl::StrCat(FormatSize(static_cast<double>(*look.resident_growth)), " in ",
                      FormatDuration(look.seconds_between));
}

std::string WhatGrows(const Look& look) {
  if (!look.groups.empty() && look.groups.front().grows) return GroupName(look.groups.front());
  if (!look.goroutines.empty()) return "the number of goroutines";
  return absl::StrCat("resident memory by ", ResidentGrowth(look),
                      ", but no kind of block steadily");
}

std::string Headline(const Look& look) {
  switch (look.conclusion) {
    case Conclusion::kLeak:
      return absl::StrCat("LOST    ", Size(look.lost), " that nothing in the process points to");
    case Conclusion::kGrows:
      return absl::StrCat("GROWS   ", WhatGrows(look), "; nothing is certainly lost");
    case Conclusion::kNothing:
      return "OK      nothing is certainly lost, and nothing grows";
    case Conclusion::kInconclusive:
      break;
  }
  return look.is_go               ? "UNKNOWN the blocks of Go's own heap are not judged"
         : look.allocator.empty() ? "UNKNOWN the blocks of its allocator are not known to leaktrack"
                                  : "UNKNOWN the looks do not tell; see below";
}

Tint TintOf(Conclusion conclusion) {
  switch (conclusion) {
    case Conclusion::kLeak:
      return Tint::kRed;
    case Conclusion::kNothing:
      return Tint::kGreen;
    case Conclusion::kGrows:
    case Conclusion::kInconclusive:
      break;
  }
  return Tint::kYellow;
}

void WriteHeap(const Look& look, Page& page) {
  const std::string name =
      look.core.empty() ? absl::StrCat(SafeText(look.command), " (pid ", look.pid, ")")
                        : absl::StrCat(SafeText(look.command), " (core ", SafeText(look.core), ")");
  page.Field("Program", name);
  if (look.resident != 0) {
    const bool grew = look.resident_growth.value_or(0) > 0;
    page.Field("Memory", absl::StrCat(Size(look.resident), " resident",
                                      grew ? ", +" + ResidentGrowth(look) : ""));
  }
  if (look.allocator.empty()) return;
  uint64_t trimmable = 0;
  for (const witness::ArenaSums& arena : look.arenas) trimmable += arena.trimmable;
  page.Field("Heap", absl::StrCat(look.allocator, ": ", Size(look.in_use), " in use, ",
                                  Size(look.free), " freed and kept in ",
                                  CountText(static_cast<double>(look.arenas.size()), "arena"),
                                  "; trimming would give back at least ", Size(trimmable)));
}

void WriteGroup(const Group& group, size_t rank, Page& page) {
  const bool lost = group.memory.lost != 0;
  page.Blank();
  page.Line(absl::StrCat("#", rank, " ", GroupName(group)), lost ? Tint::kRed : Tint::kBold);
  page.Field("  holds",
             absl::StrCat(Size(group.bytes), " in ", Counted(group.objects, "block", "blocks")),
             10);
  if (group.growth && group.growth->rate != 0) page.Field("  grows", GrowthText(group), 10);
  page.Field(lost ? "  lost" : "  memory", MemorySentence(group.memory), 10);
  if (group.memory.undecided != 0 && group.memory.verdict != MemoryVerdict::kUnknown)
    page.Field("",
               absl::StrCat(Counted(group.memory.undecided, "block is", "blocks are"),
                            " undecided: nothing seems to hold them, which is not certain"),
               10);
  if (group.memory.possible != 0)
    page.Field("",
               absl::StrCat(Counted(group.memory.possible, "block is", "blocks are"),
                            " reached only by pointers into the middle"),
               10);
}

void WriteGoroutines(const Look& look, size_t top, Page& page) {
  if (look.goroutines.empty()) return;
  page.Blank();
  page.Line("Goroutines", Tint::kBold);
  for (size_t i = 0; i < look.goroutines.size() && i < top; ++i) {
    const witness::Goroutines& one = look.goroutines[i];
    std::string text = absl::StrCat(FormatCount(one.count), " created at ", SafeText(one.created));
    if (!one.waiting.empty()) absl::StrAppend(&text, ", waiting in ", SafeText(one.waiting));
    if (one.growth_per_hour && std::abs(*one.growth_per_hour) >= 1)
      absl::StrAppend(&text, ", ", *one.growth_per_hour > 0 ? "+" : "",
                      std::llround(*one.growth_per_hour), " per hour");
    page.Field("", text, 2);
  }
  if (look.goroutines.size() > top)
    page.Field("", absl::StrCat("... ", look.goroutines.size() - top, " more"), 2);
}

void WriteCost(const Look& look, Page& page) {
  page.Blank();
  std::string text = absl::StrCat(CountText(look.looks, "look"));
  if (look.looks > 1) absl::StrAppend(&text, ", ", FormatDuration(look.seconds_between), " apart");
  absl::StrAppend(&text, "; ", Size(look.bytes_read), " read in ",
                  FormatDuration(look.cost_seconds), " of processor time; stopped for ",
                  FormatDuration(look.stopped_seconds));
  page.Field("Looks", text);
  for (const std::string& doubt : look.doubts) page.Field("Doubt", SafeText(doubt));
}

}  // namespace

std::string LookText(const Look& look, const LookPage& how) {
  Page page(how.columns, how.colour);
  page.Line(Headline(look), TintOf(look.conclusion));
  page.Blank();
  WriteHeap(look, page);
  WriteGoroutines(look, how.top, page);
  const size_t shown = std::min(how.top, look.groups.size());
  for (size_t i = 0; i < shown; ++i) WriteGroup(look.groups[i], i + 1, page);
  if (shown < look.groups.size()) {
    page.Blank();
    page.Line(
        absl::StrCat("... ", look.groups.size() - shown, " more groups; --top shows more of them"));
  }
  WriteCost(look, page);
  return page.text();
}

}  // namespace leaktrack
