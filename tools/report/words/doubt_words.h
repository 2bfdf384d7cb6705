// SPDX-License-Identifier: Apache-2.0
//
// Why a run that shows no growth does not show that there is none.
#ifndef LEAKTRACK_TOOLS_REPORT_WORDS_DOUBT_WORDS_H_
#define LEAKTRACK_TOOLS_REPORT_WORDS_DOUBT_WORDS_H_

#include <string>

#include "tools/analysis/model/result.h"

namespace leaktrack {

// Safe to print. Empty where there is no doubt.
std::string DoubtText(const Doubts& doubts);

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_REPORT_WORDS_DOUBT_WORDS_H_
