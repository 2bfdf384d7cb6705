// SPDX-License-Identifier: Apache-2.0
//
// What a tired person reads first: the answer, when memory is full, and what to do next. A process
// that has ended has no forecast: it is told when and how it ended.
//
// Promises: the first word agrees with the exit status (LEAK and "LEAK?" 1, OK and NO LEAK 0,
// UNCLEAR 3). Each figure stands once. No word of the analysis that has to be looked up.
#ifndef LEAKTRACK_TOOLS_REPORT_TEXT_FIRST_SCREEN_H_
#define LEAKTRACK_TOOLS_REPORT_TEXT_FIRST_SCREEN_H_

#include <string>
#include <vector>

#include "tools/report/input/report_input.h"
#include "tools/report/text/text_sections.h"
#include "tools/report/words/page.h"

namespace leaktrack {

struct FirstScreen {
  const char* word = "";  // the answer
  Tint tint = Tint::kNone;
  std::vector<std::string> lines;  // what goes with it; the first stands beside the word
  Remark fate;                     // FULL: when the limit is reached; ENDED: when and how it ended
                                   // on the way there; no text: no limit is in sight
  std::vector<std::string> next;   // what to do; may be empty
};

// Names are cut so that the first line fits `columns`; 0: they are not.
FirstScreen FirstScreenOf(const ReportInput& input, size_t columns = 0);

// Whether growth leads to a limit: then the first screen tells of it.
bool LimitIsInSight(const ReportInput& input);

// Whether the memory account is what it says: then nothing of that is said again.
bool MemoryIsTheAnswer(const ReportInput& input);

void WriteFirstScreen(const ReportInput& input, Page& page);

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_REPORT_TEXT_FIRST_SCREEN_H_
