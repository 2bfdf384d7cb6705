// SPDX-License-Identifier: Apache-2.0
//
// Growth that was measured, in words: they claim no more than that.
#ifndef LEAKTRACK_TOOLS_REPORT_WORDS_MEASURED_WORDS_H_
#define LEAKTRACK_TOOLS_REPORT_WORDS_MEASURED_WORDS_H_

#include <string>

#include "tools/analysis/model/result.h"
#include "tools/report/words/time_words.h"

namespace leaktrack {

// "resident memory grows 26 MiB/min (90 % range: 24 to 28) since 08:51 UTC"
std::string MeasuredText(const MeasuredGrowth& growth, const RunTimes& run);

// "resident memory grew by 26 MiB after 08:51 UTC and has stopped"
std::string StoppedText(const MeasuredGrowth& growth, const RunTimes& run);

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_REPORT_WORDS_MEASURED_WORDS_H_
