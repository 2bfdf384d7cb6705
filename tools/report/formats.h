// SPDX-License-Identifier: Apache-2.0
//
// The formats of a report, in one table: a new one is a file of its own and a line here.
//
// Promises: option parsing, --help and the writer all read this table. A report is written as it is
// made: whoever writes a stack for each of 100,000 sites holds few of them at a time.
// Thread-safety: constant.
#ifndef LEAKTRACK_TOOLS_REPORT_FORMATS_H_
#define LEAKTRACK_TOOLS_REPORT_FORMATS_H_

#include <span>
#include <string>

#include "tools/base/text_sink.h"
#include "tools/report/input/fleet.h"
#include "tools/report/text/text_report.h"

namespace leaktrack {

struct FormatOptions {
  TextOptions text;
  size_t top = 0;  // sites; 0: all, in text five, in html kMostHtmlSites
};

struct ReportFormat {
  const char* name;
  bool binary;          // not for a terminal
  size_t most_unasked;  // sites that SelectSites leaves where nobody said --top; 0: all, or the
                        // format cuts by itself
  void (*one)(const ReportInput& input, const FormatOptions& options, TextSink& sink);
  void (*fleet)(const Fleet& fleet, const FormatOptions& options,
                TextSink& sink);  // null: tells one run only
};

std::span<const ReportFormat> ReportFormats();

// Null: there is none of this name.
const ReportFormat* FindReportFormat(const std::string& name);

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_REPORT_FORMATS_H_
