// SPDX-License-Identifier: Apache-2.0
#include "tools/report/input/selection.h"

#include <algorithm>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "tools/analysis/blame/blame.h"
#include "tools/base/safe_text.h"
#include "tools/base/units.h"
#include "tools/report/input/report_input.h"
#include "tools/report/input/site_groups.h"
#include "tools/report/input/stack_names.h"

namespace leaktrack {
namespace {

// '*' alone stands for anything: "operator[]" and "[abi:cxx11]" are names. Never more than name
// times pattern steps.
bool MatchesStars(std::string_view name, std::string_view pattern) {
  size_t at = 0, next = 0, star = std::string_view::npos, resume = 0;
  while (at < name.size()) {
    if (next < pattern.size() && pattern[next] == '*') {
      star = next++;
      resume = at;
    } else if (next < pattern.size() && pattern[next] == name[at]) {
      ++next;
      ++at;
    } else if (star != std::string_view::npos) {
      next = star + 1;
      at = ++resume;
    } else {
      return false;
    }
  }
  return pattern.find_first_not_of('*', next) == std::string_view::npos;
}

bool NameMatches(std::string_view name, std::string_view pattern) {
  if (name.empty()) return false;
  return pattern.find('*') != std::string_view::npos ? MatchesStars(name, pattern)
                                                     : name.find(pattern) != std::string_view::npos;
}

// A function is matched with and without its parameters, a module by its path and by its file's
// name.
bool FrameMatches(const ResolvedFrame& frame, const std::string& pattern) {
  return NameMatches(frame.function, pattern) ||
         NameMatches(QualifiedName(frame.function), pattern) ||
         NameMatches(frame.module, pattern) ||
         NameMatches(frame.module.substr(frame.module.rfind('/') + 1), pattern);
}

// Of `all` sites, those that match are cut to so many; 0: all.
size_t MostOf(const SelectionOptions& options, size_t all) {
  if (options.top != 0) return options.top;
  return all > options.most_unasked ? options.most_unasked : 0;
}

std::string OptionsText(const SelectionOptions& options) {
  std::string text;
  if (options.site) absl::StrAppend(&text, "--site ", *options.site);
  if (!options.filter.empty())
    absl::StrAppend(&text, text.empty() ? "" : " ", "--filter ", SafeText(options.filter));
  if (options.top != 0) absl::StrAppend(&text, text.empty() ? "" : " ", "--top ", options.top);
  return text;
}

}  // namespace

capture::SiteId SiteNumber(const SiteResult& site) {
  return site.sites.empty() ? 0 : *std::min_element(site.sites.begin(), site.sites.end());
}

bool Matches(const SiteResult& site, const SelectionOptions& options) {
  if (options.site &&
      std::find(site.sites.begin(), site.sites.end(), *options.site) == site.sites.end())
    return false;
  if (options.filter.empty()) return true;
  return std::any_of(site.stack.begin(), site.stack.end(), [&](const ResolvedFrame& frame) {
    return FrameMatches(frame, options.filter);
  });
}

void SelectSites(const SelectionOptions& options, ReportInput& input) {
  Selection& selection = input.selection;
  std::vector<SiteResult>& sites = input.analysis.sites;
  selection.options = options;
  selection.all_sites = selection.shown = sites.size();
  const size_t most = MostOf(options, sites.size());
  selection.made = options.site || !options.filter.empty() || most != 0;
  if (!selection.made) return;
  if (const std::vector<SiteGroup> groups = GroupsToTell(sites); !groups.empty()) {
    for (const SiteResult* site : groups.front().sites) selection.worst.push_back(*site);
  }
  size_t kept = 0;
  std::erase_if(sites, [&](const SiteResult& site) {
    const bool wanted = Matches(site, options) && (most == 0 || kept < most);
    kept += wanted;
    if (wanted) return false;
    selection.growing_left_out += site.verdict >= Verdict::kSuspect || site.significant;
    selection.live_bytes_left_out += FiguresOf(site).live_bytes;
    return true;
  });
  selection.shown = sites.size();
}

const std::vector<SiteResult>& SitesOfTheHeadline(const ReportInput& input) {
  return input.selection.made ? input.selection.worst : input.analysis.sites;
}

std::string SelectionText(const ReportInput& input) {
  const Selection& selection = input.selection;
  if (!selection.made || selection.shown == selection.all_sites) return "";
  const bool cut_unasked = selection.options.top == 0 &&
                           selection.shown == selection.options.most_unasked && selection.shown > 0;
  const std::string options = OptionsText(selection.options);
  std::string text =
      selection.shown == 0
          ? absl::StrCat("none of ", FormatCount(selection.all_sites), " sites matches ", options)
          : absl::StrCat("showing ", FormatCount(selection.shown), " of ",
                         FormatCount(selection.all_sites), " sites",
                         options.empty() ? "" : absl::StrCat(" (", options, ")"));
  if (cut_unasked)
    absl::StrAppend(&text, ", the worst first; --top ", selection.all_sites, " lists all");
  if (selection.growing_left_out > 0) {
    absl::StrAppend(&text, "; ", FormatCount(selection.growing_left_out),
                    selection.growing_left_out == 1 ? " that grows is not among them"
                                                    : " that grow are not among them");
  }
  return text;
}

std::string WindowText(const ReportInput& input) {
  if (!input.analysis.window_seconds) return "";
  return absl::StrCat("judged by the last ", FormatDuration(*input.analysis.window_seconds), " of ",
                      FormatDuration(input.analysis.duration_seconds), " alone (--since)");
}

std::string ScopeText(const ReportInput& input) {
  const std::string window = WindowText(input), selection = SelectionText(input);
  return absl::StrCat(window, window.empty() || selection.empty() ? "" : "; ", selection);
}

}  // namespace leaktrack
