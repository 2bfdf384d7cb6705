// SPDX-License-Identifier: Apache-2.0
//
// All that is said of a trend, in one table: every format takes its words from it.
//
// Promises: a new trend does not compile until it has a line here. Blanks in the sentences
// (fill.h) are those that site_words and growth_words know.
// Thread-safety: constant.
#ifndef LEAKTRACK_TOOLS_REPORT_WORDS_TREND_WORDS_H_
#define LEAKTRACK_TOOLS_REPORT_WORDS_TREND_WORDS_H_

#include "tools/analysis/model/result.h"

namespace leaktrack {

struct TrendWords {
  const char* name = nullptr;    // in JSON, too; null: there is no such trend
  const char* phrase = "";       // for lists: "12 MiB  made at the start: ..."
  const char* meaning = "";      // for the glossary
  const char* growth = "";       // the rate, and what goes with it
  const char* peculiarity = "";  // what the rate alone does not tell; empty: nothing
  const char* manner = "";       // "new ones come ...", of growth
  const char* why_not = "";      // why it is no leak
};

TrendWords WordsOf(Trend trend);

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_REPORT_WORDS_TREND_WORDS_H_
