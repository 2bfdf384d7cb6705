// SPDX-License-Identifier: Apache-2.0
//
// The sites: what grows, what may, and when nothing does, what is biggest.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "tools/analysis/blame/blame.h"
#include "tools/base/safe_text.h"
#include "tools/base/units.h"
#include "tools/report/text/text_sections.h"
#include "tools/report/words/columns.h"
#include "tools/report/words/counted.h"
#include "tools/report/words/growth_words.h"
#include "tools/report/words/likelihood_words.h"
#include "tools/report/words/names.h"
#include "tools/report/words/selection_words.h"
#include "tools/report/words/site_words.h"
#include "tools/report/words/trend_words.h"
#include "tools/report/words/witness_words.h"

namespace leaktrack {
namespace {

constexpr size_t kLabel = 10;
constexpr size_t kWatchLines = 3, kLargestLines = 3, kFamilyNames = 3, kRetractedLines = 3,
                 kMostCalls = 3;

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

// The functions of libraries between the blamed one and the allocator, in the order of the calls:
// what it asked for.
std::string CallsText(const SiteResult& site, size_t columns) {
  std::string text;
  size_t named = 0;
  const size_t innermost = BelowWrappers(site.stack, site.blame);
  for (size_t i = site.blame; i-- > innermost && named < kMostCalls;) {
    if (site.stack[i].function.empty()) continue;
    absl::StrAppend(&text, text.empty() ? "" : " > ",
                    SafeText(std::string(QualifiedName(site.stack[i].function))));
    ++named;
  }
  text = ShortenMiddle(text, 2 * columns);
  const bool owner = site.merged && site.blame >= site.shared_frames;
  return absl::StrCat(text, owner ? (text.empty() ? "by many paths" : ", by many paths") : "");
}

void WriteEndOfStack(const SiteResult& site, const capture::Capture& capture, size_t left,
                     size_t end, Page& page) {
  const std::string margin(kLabel, ' ');
  const bool own_is_left = site.own_frame && *site.own_frame >= end;
  const size_t hidden = left - (own_is_left && left > 0 ? 1 : 0);
  if (hidden > 0) {
    page.Line(absl::StrCat(margin, "... ", hidden, hidden == 1 ? " more frame" : " more frames"),
              Tint::kDim);
  } else if (site.merged) {
    page.Line(absl::StrCat(margin, "... by many paths"), Tint::kDim);
  } else if (site.truncated) {
    page.Line(absl::StrCat(margin, "... the stack was cut here"), Tint::kDim);
  }
  // The program's own frame is what its developers know.
  if (own_is_left) {
    page.Field("", FrameLine(site.stack[*site.own_frame], capture, page.columns() - kLabel - 2),
               kLabel);
  }
}

// From the blamed frame outwards; the wrappers inside of it are one word.
void WriteStack(const SiteResult& site, const capture::Capture& capture, size_t frames,
                Page& page) {
  const size_t room = page.columns() - kLabel - 2;
  const size_t all = FramesOfTheProgram(site.stack, site.blame);
  const size_t end = std::min(all, site.blame + frames);
  for (size_t i = site.blame; i < end; ++i) {
    page.Field(i == site.blame ? "  stack" : "", FrameLine(site.stack[i], capture, room), kLabel);
    if (i != site.blame) continue;
    if (const std::string calls = CallsText(site, room); !calls.empty())
      page.Field("  calls", calls, kLabel);
  }
  WriteEndOfStack(site, capture, all - end, end, page);
}

std::string Holds(const SiteGroup& group) {
  if (group.live_objects < .5) return "nothing any more";
  std::string text = FormatSize(group.live_bytes);
  // Exact figures have no error.
  if (group.live_bytes_error >= 1)
    absl::StrAppend(&text, " (+- ", FormatSize(group.live_bytes_error), ")");
  const bool heap = group.first().kind == capture::SiteKind::kHeap;
  return absl::StrCat(text, " in ", CountText(group.live_objects, heap ? "block" : "mapping"),
                      ", the oldest ", FormatDuration(group.oldest_seconds), " old");
}

// The parts of the thing that is lost, by the functions that made them.
void WriteFamily(const SiteGroup& group, Page& page) {
  const SiteResult& site = group.first();
  if (site.family == 0 || site.stack.empty()) return;
  std::set<std::string> makers;
  for (const SiteResult* member : group.sites) {
    if (member->family == site.family)
      makers.insert(FunctionText(member->stack[member->part_frame], page.columns() / 2));
  }
  std::string text;
  size_t named = 0;
  for (const std::string& maker : makers) {
    if (named++ < kFamilyNames) absl::StrAppend(&text, text.empty() ? "" : ", ", maker);
  }
  if (makers.size() > kFamilyNames)
    absl::StrAppend(&text, " and ", makers.size() - kFamilyNames, " more");
  page.Field("  with",
             absl::StrCat("what ", text, makers.size() == 1 ? " makes" : " make",
                          ": they are parts of one thing"),
             kLabel);
}

// What the words of a heading mean, each the first time that it stands on the page.
class Meanings {
 public:
  std::string Of(const SiteResult& site) {
    std::string text;
    Add(TermOf(site.verdict), text);
    if (site.state == State::kConfirmed) Add(TermOf(site.state), text);
    Add(TermOf(site.trend), text);
    return text;
  }

 private:
  void Add(const Term& term, std::string& text) {
    if (!told_.insert(term.name).second) return;
    absl::StrAppend(&text, text.empty() ? "" : "; ", term.name, ": ", term.meaning);
  }

  std::set<std::string> told_;
};

// "held by g_sessions (service)"
std::string MemoryText(const SiteGroup& group) {
  const std::string& with = group.first().lost_with;
  const std::string text = MemorySentence(*group.memory);
  return with.empty() ? text
                      : absl::StrCat(text, "; they were lost with objects of ", SafeText(with));
}

void WriteEntry(const SiteGroup& group, size_t number, const ReportInput& input,
                const TextOptions& options, Meanings& meanings, Page& page) {
  const SiteResult& site = group.first();
  page.Blank();
  const std::string head =
      absl::StrCat("#", number, site.state == State::kConfirmed ? " confirmed " : " ",
                   Name(site.verdict), ", ", Name(site.trend), ": ");
  page.Line(absl::StrCat(head, BlameText(site, page.columns() - head.size())), Tint::kBold);
  if (const std::string means = meanings.Of(site); !means.empty())
    page.Field("  means", means, kLabel);
  if (site.growth) page.Field("  grows", GrowthSentence(group, input), kLabel);
  if (const std::string likely = LikelihoodText(group, TimesOf(input)); !likely.empty())
    page.Field("  leak?", likely, kLabel);
  page.Field("  holds", Holds(group), kLabel);
  page.Field("  why", site.lost ? MemorySentence(*group.memory) : ReasonText(site, TimesOf(input)),
             kLabel);
  if (group.memory && !site.lost) page.Field("  memory", MemoryText(group), kLabel);
  if (const std::string settle = SettleText(site); !settle.empty())
    page.Field("  settles", settle, kLabel);
  WriteFamily(group, page);
  WriteStack(site, input.capture, options.stack_frames, page);
  if (group.stacks > 1) {
    page.Field("", absl::StrCat("figures are the sum of ", group.stacks, " stacks that lead here"),
               kLabel);
  }
  if (SiteNumber(site) != 0) page.Field("  site", absl::StrCat(SiteNumber(site)), kLabel);
}

// Who holds it, where that is known; else why nobody is accused.
std::string PhraseOf(const SiteGroup& group) {
  constexpr double kMostOf = .5;
  const SiteResult& site = group.first();
  if (site.verdict == Verdict::kNone && !site.lost_with.empty())
    return absl::StrCat("lost with objects of ", SafeText(site.lost_with));
  if (site.verdict == Verdict::kNone && group.memory &&
      group.memory->verdict == witness::MemoryVerdict::kHeld && !group.memory->holders.empty() &&
      group.memory->holders.front().share >= kMostOf)
    return absl::StrCat("held by ", HolderText(group.memory->holders.front()));
  return WordsOf(site.trend).phrase;
}

void WriteList(std::string_view title, const std::vector<SiteGroup>& groups, size_t most,
               Page& page) {
  if (groups.empty()) return;
  const size_t shown = std::min(most, groups.size());
  std::vector<double> bytes;
  for (size_t i = 0; i < shown; ++i) bytes.push_back(groups[i].live_bytes);
  const SizeColumn size(bytes);
  page.Blank();
  page.Line(title);
  for (size_t i = 0; i < shown; ++i) {
    const std::string figures = absl::StrFormat("  %10s  ", size.Text(bytes[i]));
    const std::string tail = absl::StrCat(", ", PhraseOf(groups[i]));
    const size_t used = figures.size() + tail.size();
    page.Line(absl::StrCat(
        figures,
        BlameText(groups[i].first(), page.columns() > used + 12 ? page.columns() - used : 12),
        tail));
  }
  if (groups.size() > shown)
    page.Line(absl::StrCat("  and ", groups.size() - shown, " more"), Tint::kDim);
}

// What grew at an earlier look and does no more: people were paged for it and want to know.
void WriteRetracted(const ReportInput& input, Page& page) {
  size_t written = 0;
  for (const SiteResult& site : input.analysis.sites) {
    if (site.state != State::kRetracted || ++written > kRetractedLines) continue;
    if (written == 1) {
      page.Blank();
      page.Line("Grew at an earlier look, stopped since:");
    }
    std::string figures = "  ";
    if (site.plateau) {
      const std::string when = TimeOfDay(site.plateau->after_seconds, TimesOf(input));
      absl::StrAppend(&figures, "stopped at ", FormatSize(site.plateau->bytes),
                      when.empty() ? " after " : ", ",
                      when.empty() ? FormatDuration(site.plateau->after_seconds) : when, ": ");
    }
    page.Line(absl::StrCat(figures, BlameText(site, page.columns() - figures.size())));
  }
  if (written > kRetractedLines)
    page.Line(absl::StrCat("  and ", written - kRetractedLines, " more"), Tint::kDim);
}

std::vector<SiteGroup> OfVerdict(SiteView sites, Verdict verdict) {
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

// A reader who asked for certain sites wants them in full, growing or not.
void WriteSelected(const ReportInput& input, const TextOptions& options, Page& page) {
  const std::vector<SiteGroup> groups = GroupSites(ShownSites(input), Verdict::kNone);
  const std::string text = SelectionText(input);
  page.Blank();
  page.Field("Sites", text.empty() ? absl::StrCat("all ", input.analysis.sites.size(), " match")
                                   : SafeText(text));
  const size_t shown = std::min(options.top, groups.size());
  Meanings meanings;
  for (size_t i = 0; i < shown; ++i) WriteEntry(groups[i], i + 1, input, options, meanings, page);
  if (groups.size() <= shown) return;
  page.Blank();
  page.Line(absl::StrCat("and ", groups.size() - shown, " more that match (--top ", groups.size(),
                         " shows them)"));
}

// Of a frame without a name: where it is, and the named function that it was called under.
std::string NamelessText(const SiteResult& site) {
  std::string text = DisplayName(site.stack[site.blame]);
  const size_t end = FramesOfTheProgram(site.stack, site.blame);
  for (size_t i = site.blame + 1; i < end; ++i) {
    const std::string& function = site.stack[i].function;
    if (!function.empty())
      return absl::StrCat(text, " under ", SafeText(std::string(QualifiedName(function))));
  }
  return text;
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
                               ? NamelessText(site)
                               : SafeText(std::string(QualifiedName(frame.function)));
  return absl::StrCat(ShortenMiddle(name, columns > used ? columns - used : 4),
                      place.empty() ? "" : " at ", place);
}

void WriteSites(const ReportInput& input, const TextOptions& options, Page& page) {
  if (input.selection.made) return WriteSelected(input, options, page);
  const std::vector<SiteResult>& sites = input.analysis.sites;
  const std::vector<SiteGroup> accused = GroupsToTell(sites);
  const size_t shown = std::min(options.top, accused.size());
  Meanings meanings;
  for (size_t i = 0; i < shown; ++i) WriteEntry(accused[i], i + 1, input, options, meanings, page);
  if (accused.size() > shown) {
    page.Blank();
    page.Line(absl::StrCat("and ", accused.size() - shown, " more that grow (--top ",
                           accused.size(), " shows them)"));
  }
  WriteList("Grows, but a cache that fills would look the same:",
            Others(OfVerdict(sites, Verdict::kWatch), accused), kWatchLines, page);
  WriteRetracted(input, page);
  // Also where somebody is accused: what holds most of the memory may be somebody else.
  WriteList(accused.empty() ? "Largest, not growing, or too few to tell:"
                            : "Largest of the others, not growing, or too few to tell:",
            OfVerdict(sites, Verdict::kNone), kLargestLines, page);
}

}  // namespace leaktrack
