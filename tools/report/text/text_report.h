// SPDX-License-Identifier: Apache-2.0
//
// The report for a tired person: the answer and what to do (first_screen.h), then the process, then
// the few sites that matter, then what could not be seen.
//
// Promises: no line wider than the page; foreign names cannot touch the terminal; a clean verdict
// says how small a leak it would have seen.
#ifndef LEAKTRACK_TOOLS_REPORT_TEXT_TEXT_REPORT_H_
#define LEAKTRACK_TOOLS_REPORT_TEXT_TEXT_REPORT_H_

#include <string>

#include "tools/report/input/report_input.h"

namespace leaktrack {

struct TextOptions {
  size_t columns = 80;
  bool colour = false;
  size_t top = 5;           // entries in full
  size_t stack_frames = 5;  // per entry
  bool verbose = false;     // with the files that lack names, one by one
};

std::string TextReport(const ReportInput& input, const TextOptions& options = {});

// The first line of it, by itself: at most `columns` wide.
std::string Headline(const ReportInput& input, size_t columns);

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_REPORT_TEXT_TEXT_REPORT_H_
