// SPDX-License-Identifier: Apache-2.0
//
// Which of the captured processes fill one limit together.
//
// Why: the forecast of a run knows the growth of its own process; where a cgroup holds several,
// they reach its limit sooner. They are told by the file that holds the limit
// (capture::ProcessInfo::limit_id), not by paths, which differ by namespace, and only where they
// ran at the same time. Limit: captures of before format 1.3 do not say which limit was theirs.
#ifndef LEAKTRACK_TOOLS_REPORT_WORDS_SHARED_LIMIT_H_
#define LEAKTRACK_TOOLS_REPORT_WORDS_SHARED_LIMIT_H_

#include <string>
#include <vector>

#include "tools/report/input/report_input.h"

namespace leaktrack {

// Sets `sharers` of each run.
void NoteSharedLimits(std::vector<ReportInput>& runs);

// "shared with 3 other processes that were captured (pids 7, 8, 9), which ..."; empty: with none.
std::string SharedLimitText(const ReportInput& input);

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_REPORT_WORDS_SHARED_LIMIT_H_
