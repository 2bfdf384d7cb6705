// SPDX-License-Identifier: Apache-2.0
//
// The report as a page to look at: the verdict and the forecast, memory over time, every site with
// its history and stack, a flame graph, what was lost. One file, offline; tools/report/html draws
// it.
//
// Promises: figures are those of the JSON report. At most `top` sites are told in full,
// kMostHtmlSites where that is 0; the page says how many more there are and what they hold, so that
// its totals are those of the run.
#ifndef LEAKTRACK_TOOLS_REPORT_PAGE_HTML_REPORT_H_
#define LEAKTRACK_TOOLS_REPORT_PAGE_HTML_REPORT_H_

#include <string>

#include "tools/compare/compare.h"
#include "tools/report/input/fleet.h"

namespace leaktrack {

inline constexpr size_t kMostHtmlSites = 1000;

std::string HtmlReport(const ReportInput& input, size_t top = 0);

// The page of the first run, with a list of all captures.
std::string HtmlFleet(const Fleet& fleet, size_t top = 0);

// Two versions side by side; `title` names them.
std::string HtmlComparison(const Comparison& comparison, const std::string& title);

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_REPORT_PAGE_HTML_REPORT_H_
