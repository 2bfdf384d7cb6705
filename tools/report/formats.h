// SPDX-License-Identifier: Apache-2.0
//
// The formats of a report, in one table: a new one is a file of its own and a line here.
//
// Promises: option parsing, --help and the writer all read this table, and no name of a format is
// compared anywhere else. A report is written as it is made: a format with a stack for each of
// 100,000 sites holds few of them at a time.
// Thread-safety: constant.
#ifndef LEAKTRACK_TOOLS_REPORT_FORMATS_H_
#define LEAKTRACK_TOOLS_REPORT_FORMATS_H_

#include <cstddef>
#include <cstdint>
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

// Whether a format itself lists some of the sites only; otherwise SelectSites cuts the list.
enum class Cut : uint8_t {
  kNever,
  kUnasked,  // where nobody says --top
  kAlways,   // it counts entries, not sites
};

struct ReportFormat {
  const char* name = nullptr;
  const char* help = nullptr;  // what it is for, behind its name in --help
  bool binary = false;         // not for a terminal
  bool needs_sources = false;  // shows lines of source
  bool tells_scope = false;    // shows readers what --since, --site and --filter leave out
  Cut cut = Cut::kNever;
  size_t sites = 0;  // in full where nobody says --top; 0: all
  void (*one)(const ReportInput& input, const FormatOptions& options, TextSink& sink) = nullptr;
  // Null: it shows one run only.
  void (*fleet)(const Fleet& fleet, const FormatOptions& options, TextSink& sink) = nullptr;
};

// The first is the default.
std::span<const ReportFormat> ReportFormats();

// Null: there is none of this name.
const ReportFormat* FindReportFormat(const std::string& name);

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_REPORT_FORMATS_H_
