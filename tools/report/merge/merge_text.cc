// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstdint>
#include <string>
#include <tuple>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "tools/base/safe_text.h"
#include "tools/base/units.h"
#include "tools/report/merge/merge_report.h"
#include "tools/report/words/counted.h"
#include "tools/report/words/growth_words.h"
#include "tools/report/words/page.h"

namespace leaktrack {
namespace {

constexpr size_t kMostPrograms = 20, kMostRoles = 6, kMostUnreadable = 5, kBuildIdDigits = 12;

uint64_t Of(const ProgramSum& program, Conclusion conclusion) {
  return program.conclusions[static_cast<size_t>(conclusion)];
}

std::string Heading(const Merge& merge) {
  std::string text =
      absl::StrCat(Counted(merge.sums.runs(), "run", "runs"), " of ",
                   Counted(merge.sums.programs().size(), "program version", "program versions"));
  uint64_t growing = 0;
  for (const auto& [version, program] : merge.sums.programs())
    growing += Of(program, Conclusion::kFound) + Of(program, Conclusion::kGrows);
  absl::StrAppend(&text, growing == 0 ? ": none grows"
                                      : absl::StrCat(": ", FormatCount(growing),
                                                     growing == 1 ? " grows" : " grow"));
  return text;
}

std::string RunsText(const ProgramSum& program) {
  std::string text = absl::StrCat(
      Counted(program.runs, "run", "runs"), " on ", Counted(program.hosts.size(), "host", "hosts"),
      ", watched for ", FormatDuration(program.watched_seconds), " in all, the longest for ",
      FormatDuration(program.longest_seconds), ": ");
  std::string counts;
  for (const auto& [conclusion, word] : {std::pair{Conclusion::kFound, "with a leak or a suspect"},
                                         {Conclusion::kGrows, "growing"},
                                         {Conclusion::kClean, "clean"},
                                         {Conclusion::kTooShort, "too short to tell"},
                                         {Conclusion::kDataLost, "with lost data"}}) {
    const uint64_t count = Of(program, conclusion);
    if (count > 0)
      absl::StrAppend(&counts, counts.empty() ? "" : ", ", FormatCount(count), " ", word);
  }
  return text + counts;
}

// "12 nginx: worker process, 1 nginx: master process"; empty where all are of one kind.
std::string RolesText(const ProgramSum& program) {
  if (program.roles.size() < 2) return "";
  std::vector<std::pair<std::string, uint64_t>> roles(program.roles.begin(), program.roles.end());
  std::stable_sort(roles.begin(), roles.end(),
                   [](const auto& a, const auto& b) { return a.second > b.second; });
  std::string text;
  for (size_t i = 0; i < std::min(kMostRoles, roles.size()); ++i) {
    absl::StrAppend(&text, i == 0 ? "" : ", ", FormatCount(roles[i].second), " ",
                    SafeText(roles[i].first));
  }
  if (roles.size() > kMostRoles)
    absl::StrAppend(&text, " and ", roles.size() - kMostRoles, " more kinds");
  return text;
}

void WriteSite(const RankedSite& site, Page& page) {
  const SiteSum& sum = *site.sum;
  const std::string growth = sum.accused() > 0 ? GrowthRate(sum.growth.mid) : "-";
  const std::string figures = absl::StrFormat(
      "  %9s of %-9s %13s %10s  ", sum.accused() > 0 ? FormatCount(sum.accused()) : "-",
      FormatCount(sum.runs), growth, FormatSize(sum.live_bytes));
  page.Line(absl::StrCat(
      figures,
      ShortenMiddle(*site.key, page.columns() - std::min(page.columns() - 8, figures.size()))));
}

void WriteProgram(const RankedProgram& ranked, size_t top, Page& page) {
  const auto& [version, program] = ranked;
  const std::string name =
      version.first.empty() ? "a program without a name" : SafeText(version.first);
  page.Blank();
  page.Line(absl::StrCat(name, version.second.empty()
                                   ? ""
                                   : " (build-id " +
                                         SafeText(version.second.substr(0, kBuildIdDigits)) + ")"),
            Tint::kBold);
  page.Field("  runs", RunsText(program), 9);
  if (const std::string roles = RolesText(program); !roles.empty()) page.Field("  roles", roles, 9);
  if (program.growth.mid > 0)
    page.Field("  growth", absl::StrCat("together ", GrowthText(program.growth.Get())), 9);
  const std::vector<RankedSite> sites = RankSiteSums(program);
  if (!sites.empty())
    page.Line(absl::StrFormat("  %9s of %-9s %13s %10s  %s", "grows in", "runs", "growth", "holds",
                              "site"),
              Tint::kDim);
  for (size_t i = 0; i < std::min(top, sites.size()); ++i) WriteSite(sites[i], page);
  if (sites.size() > top)
    page.Line(absl::StrCat("  and ", FormatCount(sites.size() - top), " more sites (--top ",
                           sites.size(), " shows them)"),
              Tint::kDim);
  if (program.sites_given_up > 0) {
    page.Field("  lost",
               absl::StrCat(Counted(program.sites_given_up, "entry", "entries"),
                            " of small sites, ", FormatSize(program.live_bytes_given_up),
                            " in all, for lack of memory: figures of small sites may be too low"),
               9);
  }
}

}  // namespace

std::vector<RankedSite> RankSiteSums(const ProgramSum& program) {
  std::vector<RankedSite> sites;
  for (const auto& [key, sum] : program.sites) sites.push_back({&key, &sum});
  const auto weight = [](const RankedSite& site) {
    return std::tuple(site.sum->accused() > 0, site.sum->growth.mid, site.sum->live_bytes);
  };
  std::stable_sort(sites.begin(), sites.end(),
                   [&](const RankedSite& a, const RankedSite& b) { return weight(a) > weight(b); });
  return sites;
}

std::vector<const RankedProgram*> RankPrograms(const FleetSums& sums) {
  std::vector<const RankedProgram*> programs;
  for (const RankedProgram& program : sums.programs()) programs.push_back(&program);
  const auto weight = [](const RankedProgram* program) {
    return std::tuple(program->second.growth.mid, program->second.watched_seconds);
  };
  std::stable_sort(programs.begin(), programs.end(),
                   [&](const auto* a, const auto* b) { return weight(a) > weight(b); });
  return programs;
}

std::string MergeText(const Merge& merge, const MergeTextOptions& options) {
  Page page(options.columns, options.colour);
  page.Line(Heading(merge), Tint::kBold);
  const std::vector<const RankedProgram*> programs = RankPrograms(merge.sums);
  for (size_t i = 0; i < std::min(kMostPrograms, programs.size()); ++i)
    WriteProgram(*programs[i], options.top, page);
  if (programs.size() > kMostPrograms || merge.unreadable > 0 || merge.repeated > 0) page.Blank();
  if (programs.size() > kMostPrograms) {
    page.Line(absl::StrCat("and ", FormatCount(programs.size() - kMostPrograms),
                           " more program versions (--format json has all)"));
  }
  if (merge.repeated > 0)
    page.Field("Note", absl::StrCat(Counted(merge.repeated, "capture", "captures"),
                                    " left out: their runs were counted already"));
  if (merge.unreadable > 0)
    page.Field("Unread",
               absl::StrCat(Counted(merge.unreadable, "file", "files"), " could not be read:"));
  for (size_t i = 0; i < std::min(kMostUnreadable, merge.unreadable_why.size()); ++i)
    page.Field("", SafeText(merge.unreadable_why[i]));
  if (merge.unreadable > kMostUnreadable)
    page.Field("", absl::StrCat("and ", FormatCount(merge.unreadable - kMostUnreadable),
                                " more (--format json names them)"));
  return page.text();
}

}  // namespace leaktrack
