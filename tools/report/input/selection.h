// SPDX-License-Identifier: Apache-2.0
//
// Which sites of a report its reader wants to see: --site, --filter, --top.
//
// What: a view of the analysis (site_view.h) that every format reads its sites from, and what it
// leaves out, so that every format can say so. Why here: a format that had to skip sites by itself
// would forget to.
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
#include "tools/report/input/site_view.h"

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
  bool made = false;            // there was something to select by; else all sites are shown
  std::vector<size_t> places;   // of those to show, in the analysis's order
  size_t growing_left_out = 0;  // leak or suspect
  int64_t live_bytes_left_out = 0;
};

// The number that reports show and --site takes: of joined stacks the smallest. 0: of none.
capture::SiteId SiteNumber(const SiteResult& site);

bool Matches(const SiteResult& site, const SelectionOptions& options);

Selection SelectSites(const SelectionOptions& options, const std::vector<SiteResult>& sites);

// What a format shows. Valid as long as `input` is.
SiteView ShownSites(const ReportInput& input);

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_REPORT_INPUT_SELECTION_H_
