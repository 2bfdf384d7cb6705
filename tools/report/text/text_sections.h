// SPDX-License-Identifier: Apache-2.0
//
// The parts of the text report, each written to a page. Internal to tools/report.
#ifndef LEAKTRACK_TOOLS_REPORT_TEXT_TEXT_SECTIONS_H_
#define LEAKTRACK_TOOLS_REPORT_TEXT_TEXT_SECTIONS_H_

#include <string>
#include <utility>
#include <vector>

#include "tools/report/input/report_input.h"
#include "tools/report/input/site_groups.h"
#include "tools/report/text/text_report.h"
#include "tools/report/words/page.h"

namespace leaktrack {

// A labelled sentence, as the text report and the HTML page both have it.
struct Remark {
  std::string label, text;
};
struct Remarks : std::vector<Remark> {
  void Add(std::string label, std::string text) { push_back({std::move(label), std::move(text)}); }
};

// "Push at list.cc:41", the function shortened so that all fits `columns`.
std::string BlameText(const SiteResult& site, size_t columns);

// "exited", "killed", "still running".
std::string EndText(const capture::Capture& capture);

// Which program, which process, watched how long, how it ended.
std::string Introduction(const ReportInput& input);

// The limit, unless the first screen has told it; memory.
Remarks ProcessRemarks(const ReportInput& input);

// How it was watched; what was lost; which names are missing: `verbose` lists them.
Remarks CoverageRemarks(const ReportInput& input, bool verbose);

void WriteSites(const ReportInput& input, const TextOptions& options, Page& page);
void WriteProcess(const ReportInput& input, Page& page);
void WriteCoverage(const ReportInput& input, const TextOptions& options, Page& page);

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_REPORT_TEXT_TEXT_SECTIONS_H_
