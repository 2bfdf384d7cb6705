// SPDX-License-Identifier: Apache-2.0
#include "tools/report/page/html_report.h"

#include <cstdint>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tools/base/safe_text.h"
#include "tools/report/input/stack_names.h"
#include "tools/report/page/html_frames.h"
#include "tools/report/page/html_page.h"
#include "tools/report/page/html_series.h"
#include "tools/report/text/first_screen.h"
#include "tools/report/text/fleet_text.h"
#include "tools/report/text/text_sections.h"
#include "tools/report/words/likelihood_words.h"
#include "tools/report/words/names.h"
#include "tools/report/words/selection_words.h"

namespace leaktrack {
namespace {

constexpr size_t kHeadlineColumns = 400;

const char* Tone(Tint tint) {
  return tint == Tint::kRed ? "bad" : tint == Tint::kGreen ? "good" : "unsure";
}

Json RemarksJson(const Remarks& remarks) {
  Json list = Json::array();
  for (const Remark& remark : remarks)
    list.push_back({{"label", remark.label}, {"text", remark.text}});
  return list;
}

// What the text has on its first screen beside the headline, then the account.
Remarks HeadRemarks(const FirstScreen& screen, const ReportInput& input) {
  Remarks out;
  for (size_t i = 1; i < screen.lines.size(); ++i) out.Add(i == 1 ? "Detail" : "", screen.lines[i]);
  if (!screen.fate.text.empty()) out.Add(Lives(input.capture) ? "Full" : "Ended", screen.fate.text);
  for (size_t i = 0; i < screen.next.size(); ++i) out.Add(i == 0 ? "Next" : "", screen.next[i]);
  for (const Remark& remark : ProcessRemarks(input)) out.push_back(remark);
  return out;
}

Json TermsJson(const std::vector<Term>& terms) {
  Json json = Json::object();
  for (const Term& term : terms) json[term.name] = term.meaning;
  return json;
}

Json FanJson(const std::vector<FanPoint>& fan) {
  Json list = Json::array();
  for (const FanPoint& at : fan) {
    list.push_back({{"seconds", at.seconds},
                    {"low", Whole(at.low_bytes)},
                    {"mid", Whole(at.mid_bytes)},
                    {"high", Whole(at.high_bytes)}});
  }
  return list;
}

// What the program said of itself while it ran.
Json MarksJson(const capture::Capture& capture) {
  Json marks = Json::array();
  for (const capture::Phase& phase : capture.phases) {
    marks.push_back({{"name", SafeText(phase.name)},
                     {"from", static_cast<double>(phase.start_ms) / 1e3},
                     {"to", static_cast<double>(phase.end_ms) / 1e3}});
  }
  for (const capture::Snapshot& snapshot : capture.snapshots) {
    const double seconds = static_cast<double>(snapshot.time_ms) / 1e3;
    marks.push_back({{"name", SafeText(snapshot.name)}, {"from", seconds}, {"to", seconds}});
  }
  return marks;
}

// The sites that the page does not tell of one by one.
Json FurtherJson(SiteView sites) {
  int64_t live = 0, born = 0, growth = 0;
  size_t accused = 0;
  for (const SiteResult& site : sites) {
    const SiteFigures figures = FiguresOf(site);
    live += figures.live_bytes;
    born += figures.born_bytes;
    growth += figures.growth_bytes_per_hour;
    accused += site.verdict >= Verdict::kSuspect;
  }
  return {{"sites", sites.size()},
          {"accused", accused},
          {"live_bytes", live},
          {"born_bytes", born},
          {"growth_bytes_per_hour", growth}};
}

Json SitesJson(const ReportInput& input, SiteView sites, HtmlFrames& frames) {
  const std::vector<Json> curves = CurvesJson(input.capture, sites),
                          ages = AgesJson(input.capture, sites);
  Json list = Json::array();
  for (size_t i = 0; i < sites.size(); ++i) {
    Json site = SiteFactsJson(sites[i], TimesOf(input), i + 1);
    for (const char* sentence : {"evidence", "settle"}) {
      if (site[sentence].is_string()) site[sentence] = SafeText(site[sentence].get<std::string>());
    }
    site["blame"] = sites[i].stack.empty() ? Json() : Json(sites[i].blame);
    site["stack"] = frames.Stack(sites[i].stack);
    site["likelihood"] = TextOrNull(LikelihoodText(sites[i], TimesOf(input)));
    site["curve"] = curves[i];
    site["ages"] = ages[i];
    list.push_back(std::move(site));
  }
  return list;
}

Json SourcesJson(const ReportInput& input) {
  Json sources = Json::object();
  for (const auto& [place, excerpt] : input.sources) {
    sources[SafeText(place)] = {{"first_line", excerpt.first_line},
                                {"lines", excerpt.lines},
                                {"newer", excerpt.newer_than_program}};
  }
  return sources;
}

Json MissingJson(const std::vector<MissingSymbols>& missing) {
  Json list = Json::array();
  for (const MissingSymbols& one : missing) {
    list.push_back({{"module", SafeText(one.module)},
                    {"build_id", SafeText(one.build_id)},
                    {"reason", SafeText(one.Why())},
                    {"hint", SafeText(one.hint)}});
  }
  return list;
}

Json PageData(const ReportInput& input, size_t top) {
  const SiteView all = ShownSites(input), told = all.First(top == 0 ? kMostHtmlSites : top);
  const FirstScreen screen = FirstScreenOf(input, kHeadlineColumns);
  const std::string_view word = screen.word;
  HtmlFrames frames;
  Json sites = SitesJson(input, told, frames);
  Json process = ProcessJson(input);
  process["command"] = SafeText(process["command"].get<std::string>());
  Json coverage = CoverageJson(input);
  for (Json& line : coverage["damage"]) line = SafeText(line.get<std::string>());
  for (Json& hook : coverage["hooks"]) hook["name"] = SafeText(hook["name"].get<std::string>());
  return {{"kind", "report"},
          {"headline",
           absl::StrCat(screen.word, word.ends_with('?') ? " " : ": ", screen.lines.front())},
          {"tone", Tone(screen.tint)},
          {"introduction", Introduction(input)},
          {"scope", TextOrNull(SafeText(ScopeText(input)))},
          {"remarks", RemarksJson(HeadRemarks(screen, input))},
          {"coverage_remarks", RemarksJson(CoverageRemarks(input, false))},
          {"process", std::move(process)},
          {"memory", MemoryJson(input.analysis.memory)},
          {"coverage", std::move(coverage)},
          {"missing", MissingJson(input.missing)},
          {"over_time", MemoryOverTimeJson(input.capture)},
          {"fan", Lives(input.capture) ? FanJson(input.analysis.process.fan) : Json::array()},
          {"marks", MarksJson(input.capture)},
          {"age_bands", AgeBandsJson()},
          {"sites", std::move(sites)},
          {"glossary",
           {{"verdict", TermsJson(TermsOf<Verdict>())},
            {"state", TermsJson(TermsOf<State>())},
            {"trend", TermsJson(TermsOf<Trend>())}}},
          {"further", FurtherJson(all.Part(told.size(), all.size()))},
          {"frames", frames.list()},
          {"sources", SourcesJson(input)}};
}

std::string Title(const ReportInput& input) {
  return absl::StrCat("leaktrack: ", SafeText(input.capture.process.program));
}

TextOptions PlainText() {
  TextOptions options;
  options.columns = 120;
  return options;
}

}  // namespace

std::string HtmlReport(const ReportInput& input, size_t top) {
  return HtmlPage(Title(input), PageData(input, top), TextReport(input, PlainText()));
}

std::string HtmlFleet(const Fleet& fleet, size_t top) {
  Json data = PageData(fleet.runs.front(), top);
  data["captures"] = CapturesJson(fleet);
  for (Json& capture : data["captures"]) {
    for (const char* text : {"path", "command"})
      capture[text] = SafeText(capture[text].get<std::string>());
  }
  data["unreadable"] = fleet.unreadable;
  return HtmlPage(Title(fleet.runs.front()), data, FleetText(fleet, PlainText()));
}

}  // namespace leaktrack
