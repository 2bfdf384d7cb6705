// SPDX-License-Identifier: Apache-2.0
//
// The parts of the text report, each written to a page. Internal to tools/report.
#ifndef LEAKTRACK_TOOLS_REPORT_TEXT_SECTIONS_H_
#define LEAKTRACK_TOOLS_REPORT_TEXT_SECTIONS_H_

#include <string>

#include "tools/report/page.h"
#include "tools/report/report_input.h"
#include "tools/report/site_groups.h"
#include "tools/report/text_report.h"

namespace leaktrack {

// "Push at list.cc:41", the function shortened so that all fits `columns`.
std::string BlameText(const SiteResult& site, size_t columns);

void WriteSites(const ReportInput& input, const TextOptions& options, Page& page);
void WriteProcess(const ReportInput& input, Page& page);
void WriteCoverage(const ReportInput& input, Page& page);

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_REPORT_TEXT_SECTIONS_H_
