// SPDX-License-Identifier: Apache-2.0
//
// The sites: what grows, what may, and when nothing does, what is biggest.
#include <algorithm>
#include <cmath>
#include <set>

#include "absl/strings/str_cat.h"
#include "tools/analysis/blame/blame.h"
#include "tools/base/safe_text.h"
#include "tools/base/units.h"
#include "tools/report/text/text_sections.h"
#include "tools/report/words/growth_words.h"

namespace leaktrack {
namespace {

constexpr size_t kLabel = 10;
constexpr size_t kWatchLines = 3, kLargestLines = 3, kFamilyNames = 3, kRetractedLines = 3;

std::string BaseName(const std::string& path) { return path.substr(path.rfind('/') + 1); }

std::string Place(const ResolvedFrame& frame) {
  if (frame.file.empty()) return "";
  return SafeText(frame.line == 0 ? BaseName(frame.file)
                                  : absl::StrCat(BaseName(frame.file), ":", frame.line));
}

// What people call a module. The main program is known by the name it was started under: Debian's
// redis-server is a link to redis-check-rdb, which nobody has heard of.
std::string ModuleName(const std::string& path, const capture::Capture& capture) {
  constexpr uint32_t kMainProgram = 1;  // the first of the map
  for (const capture::ModuleInfo& module : capture.modules) {
    if (module.number == kMainProgram && module.path == path && !capture.process.program.empty()) {
      return SafeText(capture.process.program);
    }
  }
  return SafeText(BaseName(path));
}

// The whole name if there is room for it, else the name without its parameters, else its two ends.
std::string FunctionText(const ResolvedFrame& frame, size_t columns) {
  std::string name = DisplayName(frame);
  if (DisplayColumns(name) > columns && !frame.function.empty())
    name = SafeText(std::string(QualifiedName(frame.function)));
  return ShortenMiddle(name, columns);
}

// "Push()  list.cc:41" or "Push()  libfoo.so+0x12"
std::string FrameLine(const ResolvedFrame& frame, const capture::Capture& capture, size_t columns) {
  std::string place = Place(frame);
  if (place.empty() && !frame.function.empty()) place = ModuleName(frame.module, capture);
  place = ShortenMiddle(place, columns / 2);
  const size_t used = place.empty() ? 0 : DisplayColumns(place) + 2;
  return absl::StrCat(FunctionText(frame, columns - used), place.empty() ? "" : "  ", place);
}

// From the blamed frame outwards; the wrappers inside of it are one word.
void WriteStack(const SiteResult& site, const capture::Capture& capture, size_t frames,
                Page& page) {
  const size_t room = page.columns() - kLabel - 2;
  const size_t all = FramesOfTheProgram(site.stack, site.blame);
  const size_t end = std::min(all, site.blame + frames);
  for (size_t i = site.blame; i < end; ++i) {
    page.Field(i == site.blame ? "  at" : "  from", FrameLine(site.stack[i], capture, room),
               kLabel);
  }
  if (end < all) {
    page.Line(absl::StrCat(std::string(kLabel, ' '), "... ", all - end,
                           all - end == 1 ? " more frame" : " more frames"),
              Tint::kDim);
  } else if (site.merged) {
    page.Line(absl::StrCat(std::string(kLabel, ' '), "... by many paths"), Tint::kDim);
  } else if (site.truncated) {
    page.Line(absl::StrCat(std::string(kLabel, ' '), "... the stack was cut here"), Tint::kDim);
  }
}

// Why, without the rate that the line above has just said (and that of one stack, where many are
// summed).
std::string Because(const SiteResult& site) {
  const size_t colon = site.evidence.find(": ");
  return site.evidence.starts_with("+") && colon != std::string::npos
             ? site.evidence.substr(colon + 2)
             : site.evidence;
}

std::string Holds(const SiteGroup& group) {
  if (group.live_objects < .5) return "nothing any more";
  std::string text = FormatSize(group.live_bytes);
  // Exact figures have no error.
  if (group.live_bytes_error >= 1)
    absl::StrAppend(&text, " (+- ", FormatSize(group.live_bytes_error), ")");
  const auto objects = static_cast<uint64_t>(std::llround(std::max(group.live_objects, 0.0)));
  return absl::StrCat(text, " in ", FormatCount(objects),
                      group.first().kind == capture::SiteKind::kHeap ? " block" : " mapping",
                      objects == 1 ? "" : "s", ", the oldest ",
                      FormatDuration(group.oldest_seconds), " old");
}

// The other parts of the thing that is lost, by the functions that made them.
void WriteFamily(const SiteGroup& group, Page& page) {
  const SiteResult& site = group.first();
  if (site.family == 0 || site.stack.empty()) return;
  std::set<std::string> others;
  for (const SiteResult* member : group.sites) {
    const std::string name = BlameText(*member, page.columns() / 2);
    if (name != BlameText(site, page.columns() / 2)) others.insert(name);
  }
  if (others.empty()) return;
  std::string text;
  size_t named = 0;
  for (const std::string& name : others) {
    if (named++ < kFamilyNames) absl::StrAppend(&text, text.empty() ? "" : ", ", name);
  }
  if (others.size() > kFamilyNames)
    absl::StrAppend(&text, " and ", others.size() - kFamilyNames, " more");
  page.Field(
      "  lost",
      absl::StrCat("together with what ", text, others.size() == 1 ? " makes" : " make",
                   ", all under ", FunctionText(site.stack[site.family_frame], page.columns() / 2)),
      kLabel);
}

void WriteEntry(const SiteGroup& group, size_t number, const ReportInput& input,
                const TextOptions& options, Page& page) {
  const SiteResult& site = group.first();
  page.Blank();
  const std::string head =
      absl::StrCat("#", number, site.state == State::kConfirmed ? " confirmed " : " ",
                   Name(site.verdict), ", ", Name(site.trend), ": ");
  page.Line(absl::StrCat(head, BlameText(site, page.columns() - head.size())), Tint::kBold);
  if (site.growth) page.Field("  grows", GrowthSentence(group, input), kLabel);
  if (site.leak_probability) page.Field("  a leak", ProbabilitySentence(group, input), kLabel);
  page.Field("  holds", Holds(group), kLabel);
  if (!site.evidence.empty()) page.Field("  because", Because(site), kLabel);
  if (!site.settle.empty()) page.Field("  settle", site.settle, kLabel);
  WriteFamily(group, page);
  WriteStack(site, input.capture, options.stack_frames, page);
  if (group.stacks > 1) {
    page.Field(
        "", absl::StrCat("all in all ", group.stacks, " stacks lead here; figures are their sum"),
        kLabel);
  }
  if (SiteNumber(site) != 0) page.Field("  site", absl::StrCat(SiteNumber(site)), kLabel);
}

void WriteShort(const SiteGroup& group, Page& page) {
  const std::string figures =
      absl::StrCat("  ", FormatSize(group.live_bytes), ", ", Name(group.first().trend), ": ");
  page.Line(absl::StrCat(figures, BlameText(group.first(), page.columns() - figures.size())));
}

void WriteList(std::string_view title, const std::vector<SiteGroup>& groups, size_t most,
               Page& page) {
  if (groups.empty()) return;
  page.Blank();
  page.Line(title);
  for (size_t i = 0; i < std::min(most, groups.size()); ++i) WriteShort(groups[i], page);
  if (groups.size() > most)
    page.Line(absl::StrCat("  and ", groups.size() - most, " more"), Tint::kDim);
}

// What grew at an earlier look and does no more: the one who was paged for it wants to know.
void WriteRetracted(const ReportInput& input, Page& page) {
  size_t written = 0;
  for (const SiteResult& site : input.analysis.sites) {
    if (site.state != State::kRetracted || ++written > kRetractedLines) continue;
    if (written == 1) {
      page.Blank();
      page.Line("Grew before, stopped since (retracted):");
    }
    std::string figures = "  ";
    if (site.plateau) {
      const std::string when = TimeOfDay(site.plateau->after_seconds, input);
      absl::StrAppend(&figures, "stopped at ", FormatSize(site.plateau->bytes),
                      when.empty() ? " after " : ", ",
                      when.empty() ? FormatDuration(site.plateau->after_seconds) : when, ": ");
    }
    page.Line(absl::StrCat(figures, BlameText(site, page.columns() - figures.size())));
  }
  if (written > kRetractedLines)
    page.Line(absl::StrCat("  and ", written - kRetractedLines, " more"), Tint::kDim);
}

std::vector<SiteGroup> OfVerdict(const std::vector<SiteResult>& sites, Verdict verdict) {
  std::vector<SiteGroup> groups = GroupSites(sites, verdict);
  std::erase_if(groups, [&](const SiteGroup& group) {
    return group.first().verdict != verdict || group.live_bytes < 1;
  });
  return groups;
}

std::vector<SiteGroup> Others(std::vector<SiteGroup> groups, const std::vector<SiteGroup>& told) {
  std::erase_if(groups, [&](const SiteGroup& group) {
    return std::ranges::any_of(
        told, [&](const SiteGroup& other) { return &other.first() == &group.first(); });
  });
  return groups;
}

// Whoever asked for certain sites wants them in full, growing or not.
void WriteSelected(const ReportInput& input, const TextOptions& options, Page& page) {
  const std::vector<SiteGroup> groups = GroupSites(input.analysis.sites, Verdict::kNone);
  const std::string text = SelectionText(input);
  page.Blank();
  page.Field("Sites", text.empty() ? absl::StrCat("all ", input.selection.all_sites, " match")
                                   : SafeText(text));
  const size_t shown = std::min(options.top, groups.size());
  for (size_t i = 0; i < shown; ++i) WriteEntry(groups[i], i + 1, input, options, page);
  if (groups.size() <= shown) return;
  page.Blank();
  page.Line(absl::StrCat("and ", groups.size() - shown, " more that match (--top ", groups.size(),
                         " shows them)"));
}

}  // namespace

std::string BlameText(const SiteResult& site, size_t columns) {
  if (site.stack.empty()) return "an unknown place";
  const ResolvedFrame& frame = site.stack[site.blame];
  const size_t name_columns =
      std::min(DisplayColumns(SafeText(QualifiedName(frame.function))), columns / 2);
  const std::string place =
      ShortenMiddle(Place(frame), columns > name_columns + 8 ? columns - name_columns - 4 : 4);
  const size_t used = place.empty() ? 0 : DisplayColumns(place) + 4;
  // Without parameters: the name is what the eye looks for.
  const std::string name = frame.function.empty()
                               ? DisplayName(frame)
                               : SafeText(std::string(QualifiedName(frame.function)));
  return absl::StrCat(ShortenMiddle(name, columns > used ? columns - used : 4),
                      place.empty() ? "" : " at ", place);
}

void WriteSites(const ReportInput& input, const TextOptions& options, Page& page) {
  if (input.selection.made) return WriteSelected(input, options, page);
  const std::vector<SiteResult>& sites = input.analysis.sites;
  const std::vector<SiteGroup> accused = GroupsToTell(sites);
  const size_t shown = std::min(options.top, accused.size());
  for (size_t i = 0; i < shown; ++i) WriteEntry(accused[i], i + 1, input, options, page);
  if (accused.size() > shown) {
    page.Blank();
    page.Line(absl::StrCat("and ", accused.size() - shown, " more that grow (--top ",
                           accused.size(), " shows them)"));
  }
  WriteList("Grows, but a filling cache would look the same (watch):",
            Others(OfVerdict(sites, Verdict::kWatch), accused), kWatchLines, page);
  WriteRetracted(input, page);
  if (accused.empty()) {
    WriteList("Largest, not growing or too few to tell:", OfVerdict(sites, Verdict::kNone),
              kLargestLines, page);
  }
}

}  // namespace leaktrack
