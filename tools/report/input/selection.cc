// SPDX-License-Identifier: Apache-2.0
#include "tools/report/input/selection.h"

#include <algorithm>
#include <string_view>

#include "tools/analysis/blame/blame.h"
#include "tools/report/input/report_input.h"
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

Selection SelectSites(const SelectionOptions& options, const std::vector<SiteResult>& sites) {
  Selection selection;
  selection.options = options;
  const size_t most = MostOf(options, sites.size());
  selection.made = options.site || !options.filter.empty() || most != 0;
  if (!selection.made) return selection;
  for (size_t i = 0; i < sites.size(); ++i) {
    if (Matches(sites[i], options) && (most == 0 || selection.places.size() < most)) {
      selection.places.push_back(i);
      continue;
    }
    selection.growing_left_out += sites[i].verdict >= Verdict::kSuspect || sites[i].significant;
    selection.live_bytes_left_out += FiguresOf(sites[i]).live_bytes;
  }
  return selection;
}

SiteView ShownSites(const ReportInput& input) {
  return input.selection.made ? SiteView(input.analysis.sites, input.selection.places)
                              : SiteView(input.analysis.sites);
}

}  // namespace leaktrack
