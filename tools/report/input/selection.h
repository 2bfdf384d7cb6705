// SPDX-License-Identifier: Apache-2.0
//
// Which sites of a report its reader wants to see: --site, --filter, --top.
//
// What: takes the others out of the analysis before any format sees it, and remembers what was
// taken, so that every format can say so. Why here: a format that had to skip sites by itself would
// forget to.
// Promises: totals, the forecast, the conclusion and the headline stay those of all sites: who
// looks at one library must not be told that the process is well because the leak lies in another.
// Limits: of a site whose stacks differ on the outer side only the frames that they share can
// match.
#ifndef LEAKTRACK_TOOLS_REPORT_INPUT_SELECTION_H_
#define LEAKTRACK_TOOLS_REPORT_INPUT_SELECTION_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tools/analysis/model/result.h"

namespace leaktrack {

struct ReportInput;

struct SelectionOptions {
  std::optional<capture::SiteId> site;
  std::string
      filter;      // a function or module: all of its name where there is a *, else a part of it
  size_t top = 0;  // 0: all; for text, which counts entries by itself, left at 0
  size_t most_unasked = 0;  // as many where `top` is 0 and there are more; 0: all
};

struct Selection {
  SelectionOptions options;
  bool made = false;  // SelectSites was called with something to select by
  size_t all_sites = 0;
  size_t shown = 0;
  size_t growing_left_out = 0;  // leak or suspect
  int64_t live_bytes_left_out = 0;
  std::vector<SiteResult> worst;  // copies: what the headline is about, shown or not
};

// The number that reports show and --site takes: of joined stacks the smallest. 0: of none.
capture::SiteId SiteNumber(const SiteResult& site);

bool Matches(const SiteResult& site, const SelectionOptions& options);

// Sites stay in their order. Call once, when the analysis is complete.
void SelectSites(const SelectionOptions& options, ReportInput& input);

// The sites that the first line of a report is about: those of the whole run.
const std::vector<SiteResult>& SitesOfTheHeadline(const ReportInput& input);

// "showing 3 of 120 sites (--filter libfoo)", "none of 120 sites matches --site 7"; empty where
// nothing was left out.
std::string SelectionText(const ReportInput& input);

// "judged by the last 2h of 3d alone (--since)"; empty where all was judged.
std::string WindowText(const ReportInput& input);

// Both, for formats that have one line for it; empty where there is nothing to say.
std::string ScopeText(const ReportInput& input);

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_REPORT_INPUT_SELECTION_H_
