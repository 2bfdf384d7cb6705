// SPDX-License-Identifier: Apache-2.0
//
// The names of enumerated answers, as JSON has them and text uses them. They are a contract.
#ifndef LEAKTRACK_TOOLS_REPORT_WORDS_NAMES_H_
#define LEAKTRACK_TOOLS_REPORT_WORDS_NAMES_H_

#include "tools/analysis/model/result.h"

namespace leaktrack {

const char* Name(Verdict verdict);
const char* Name(Trend trend);
const char* Name(State state);
const char* Name(Status status);
const char* Name(MemoryClass memory_class);
const char* Name(LimitKind kind);  // empty for kNone

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_REPORT_WORDS_NAMES_H_
