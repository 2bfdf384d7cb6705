// SPDX-License-Identifier: Apache-2.0
//
// What part of a run and of its sites a report is about.
#ifndef LEAKTRACK_TOOLS_REPORT_WORDS_SELECTION_WORDS_H_
#define LEAKTRACK_TOOLS_REPORT_WORDS_SELECTION_WORDS_H_

#include <string>

#include "tools/report/input/report_input.h"

namespace leaktrack {

// "showing 3 of 120 sites (--filter libfoo)", "none of 120 sites matches --site 7"; empty where
// nothing was left out.
std::string SelectionText(const ReportInput& input);

// "judged by the last 2h of 3d alone (--since)"; empty where all was judged.
std::string WindowText(const ReportInput& input);

// Both, for formats that have one line for it; empty where there is nothing to say.
std::string ScopeText(const ReportInput& input);

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_REPORT_WORDS_SELECTION_WORDS_H_
