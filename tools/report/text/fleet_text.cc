// SPDX-License-Identifier: Apache-2.0
#include "tools/report/text/fleet_text.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "tools/base/safe_text.h"
#include "tools/base/units.h"
#include "tools/compare/process_role.h"
#include "tools/report/text/first_screen.h"
#include "tools/report/words/columns.h"
#include "tools/report/words/counted.h"
#include "tools/report/words/limit_words.h"
#include "tools/report/words/page.h"
#include "tools/report/words/process_name.h"

namespace leaktrack {
namespace {

constexpr size_t kMostLines = 10;    // with more captures, those of one program share a line
constexpr size_t kMostPrograms = 6;  // named in a line of short runs

const char* Word(const ReportInput& run) { return FirstScreenOf(run).word; }

std::string Left(const ReportInput& run) {
  const std::optional<double>& seconds = run.analysis.process.seconds_mid;
  const bool in_sight = Lives(run.capture) && seconds && *seconds < kFarAwaySeconds;
  return in_sight ? FormatDuration(*seconds) : "-";
}

// One unit in each column of figures.
struct Columns {
  RateColumn growth;
  SizeColumn resident;
};

// Bytes per hour: of the sites that grow, or as it was measured if that is certainly more.
std::optional<double> GrowthOf(const Analysis& analysis) {
  const std::optional<Rate>& sites = analysis.total_growth;
  const std::optional<MeasuredGrowth>& measured = analysis.measured_growth;
  if (measured && measured->goes_on && (!sites || measured->rate.low > sites->high))
    return measured->rate.mid;
  return sites ? std::optional(sites->mid) : std::nullopt;
}

Columns ColumnsOf(const Fleet& fleet) {
  std::vector<double> growth, resident;
  for (const ReportInput& run : fleet.runs) {
    if (const std::optional<double> rate = GrowthOf(run.analysis)) growth.push_back(*rate);
    if (run.analysis.memory.rss_bytes)
      resident.push_back(static_cast<double>(*run.analysis.memory.rss_bytes));
  }
  return {RateColumn(growth), SizeColumn(resident)};
}

// By run id: how many of the captured processes were forked from it.
using Families = std::map<uint64_t, size_t>;
Families FamiliesOf(const Fleet& fleet) {
  Families families;
  for (const ReportInput& run : fleet.runs) {
    if (run.capture.process.parent_run_id != 0) ++families[run.capture.process.parent_run_id];
  }
  return families;
}

// "nginx: worker process", or "server (parent of 8)", "server (forked by 4711)".
std::string NameIn(const Families& families, const capture::ProcessInfo& process) {
  std::string name = ProcessName(process);
  if (!TitleOf(process.command).empty()) return name;
  const auto children = families.find(process.run_id);
  if (children != families.end())
    return absl::StrCat(name, " (parent of ", FormatCount(children->second), ")");
  return process.parent_run_id == 0 ? name
                                    : absl::StrCat(name, " (forked by ", process.parent_pid, ")");
}

std::string RunLine(const ReportInput& run, const Families& families, const Columns& columns) {
  const Analysis& analysis = run.analysis;
  const std::optional<int64_t>& rss = analysis.memory.rss_bytes;
  const std::optional<double> growth = GrowthOf(analysis);
  return absl::StrFormat("  %-7s %13s %8s %10s %8s  %d %s", Word(run),
                         growth ? columns.growth.Text(*growth) : "-", Left(run),
                         rss ? columns.resident.Text(static_cast<double>(*rss)) : "-",
                         FormatDuration(analysis.duration_seconds), run.capture.process.pid,
                         NameIn(families, run.capture.process));
}

// Those of one program that say the same.
struct Kin {
  const ReportInput* longest = nullptr;
  size_t count = 0;
  double resident = 0;
};

std::string KinLine(const Kin& kin, const Families& families, const Columns& columns) {
  if (kin.count == 1) return RunLine(*kin.longest, families, columns);
  const Analysis& analysis = kin.longest->analysis;
  return absl::StrFormat("  %-7s %13s %8s %10s %8s  %s runs of %s", Word(*kin.longest), "-", "-",
                         kin.resident > 0 ? columns.resident.Text(kin.resident) : "-",
                         FormatDuration(analysis.duration_seconds), FormatCount(kin.count),
                         SafeText(RoleOf(kin.longest->capture.process)));
}

// "sh 20, cc1plus 12, as 4 and 3 other programs", the most frequent first.
std::string ProgramsText(const std::map<std::string, size_t>& counts) {
  std::vector<std::pair<std::string, size_t>> programs(counts.begin(), counts.end());
  std::stable_sort(programs.begin(), programs.end(),
                   [](const auto& a, const auto& b) { return a.second > b.second; });
  std::string text;
  for (size_t i = 0; i < std::min(kMostPrograms, programs.size()); ++i) {
    absl::StrAppend(&text, i == 0 ? "" : ", ", SafeText(programs[i].first), " ",
                    FormatCount(programs[i].second));
  }
  const size_t left = programs.size() - std::min(kMostPrograms, programs.size());
  if (left > 0) absl::StrAppend(&text, " and ", Counted(left, "other program", "other programs"));
  return text;
}

bool IsGrowing(Conclusion conclusion) {
  return conclusion == Conclusion::kFound || conclusion == Conclusion::kGrows;
}

// A tree of forks and execs leaves dozens of captures: what grows has a line each, what does not
// one for each program, and what was over at once is a number.
void WriteMany(const Fleet& fleet, const Columns& columns, Page& page) {
  const Families families = FamiliesOf(fleet);
  size_t growing = 0;
  std::map<std::string, size_t> brief;
  std::vector<Kin> kin;  // in the order of rank
  for (const ReportInput& run : fleet.runs) {
    const Conclusion conclusion = run.analysis.conclusion;
    if (IsGrowing(conclusion)) {
      if (++growing <= kMostLines) page.Line(RunLine(run, families, columns));
      continue;
    }
    const std::string program = RoleOf(run.capture.process);
    if (conclusion == Conclusion::kTooShort) {
      ++brief[program];
      continue;
    }
    auto same = std::find_if(kin.begin(), kin.end(), [&](const Kin& other) {
      return RoleOf(other.longest->capture.process) == program &&
             other.longest->analysis.conclusion == conclusion;
    });
    if (same == kin.end()) same = kin.insert(kin.end(), Kin{&run});
    ++same->count;
    same->resident =
        std::max(same->resident, static_cast<double>(run.analysis.memory.rss_bytes.value_or(0)));
  }
  if (growing > kMostLines)
    page.Line(
        absl::StrCat("  and ", Counted(growing - kMostLines, "more that grows", "more that grow")));
  for (size_t i = 0; i < std::min(kMostLines, kin.size()); ++i)
    page.Line(KinLine(kin[i], families, columns));
  if (kin.size() > kMostLines)
    page.Line(absl::StrCat("  and ", Counted(kin.size() - kMostLines, "more program that does not",
                                             "more programs that do not")));
  if (!brief.empty())
    page.Field("  UNCLEAR", absl::StrCat("too short to tell: ", ProgramsText(brief)), 10);
}

}  // namespace

std::string FleetText(const Fleet& fleet, const TextOptions& options) {
  Page page(options.columns, options.colour);
  const bool found = FleetConclusion(fleet) == Conclusion::kFound;
  if (!found && !fleet.unreadable.empty()) {
    page.Line(absl::StrCat("UNCLEAR ", Counted(fleet.unreadable.size(), "capture", "captures"),
                           " could not be read; of the others:"),
              Tint::kBold);
  }
  page.Line(Headline(fleet.runs.front(), options.columns), Tint::kBold);
  page.Blank();
  const bool grows = IsGrowing(fleet.runs.front().analysis.conclusion);
  page.Line(absl::StrCat(Counted(fleet.runs.size(), "capture", "captures"), ", the ",
                         grows ? "fastest grower" : "largest", " first; it follows in detail"));
  page.Line(absl::StrFormat("  %-7s %13s %8s %10s %8s  %s", "", "growth", "full in", "resident",
                            "watched", "process"),
            Tint::kDim);
  const Columns columns = ColumnsOf(fleet);
  if (fleet.runs.size() > kMostLines) {
    WriteMany(fleet, columns, page);
  } else {
    const Families families = FamiliesOf(fleet);
    for (const ReportInput& run : fleet.runs) page.Line(RunLine(run, families, columns));
  }
  for (const std::string& line : fleet.unreadable) page.Field("Unread", line);
  page.Blank();
  return page.text() + TextReport(fleet.runs.front(), options);
}

}  // namespace leaktrack
