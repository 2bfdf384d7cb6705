// SPDX-License-Identifier: Apache-2.0
//
// All that is said of a trend, in one table: the formats take their words from it.
//
// Promises: a new trend does not compile until it has a line here. Blanks in the sentences
// (fill.h) are those that site_words and growth_words know.
// Thread-safety: constant.
#ifndef LEAKTRACK_TOOLS_REPORT_WORDS_TREND_WORDS_H_
#define LEAKTRACK_TOOLS_REPORT_WORDS_TREND_WORDS_H_

#include "tools/analysis/model/result.h"

namespace leaktrack {

struct TrendWords {
  const char* name = nullptr;     // in JSON, too; null: there is no such trend
  const char* growth = nullptr;   // the rate, and what goes with it
  const char* manner = nullptr;   // "new ones come ...", of growth
  const char* why_not = nullptr;  // why it is no leak
};

TrendWords WordsOf(Trend trend);

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_REPORT_WORDS_TREND_WORDS_H_
