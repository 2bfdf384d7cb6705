// SPDX-License-Identifier: Apache-2.0
//
// What memory says about some blocks, in words. Internal to tools/report.
#ifndef LEAKTRACK_TOOLS_REPORT_WORDS_WITNESS_WORDS_H_
#define LEAKTRACK_TOOLS_REPORT_WORDS_WITNESS_WORDS_H_

#include <string>

#include "tools/witness/witness.h"

namespace leaktrack {

const char* HolderKindName(witness::HolderKind kind);
const char* MemoryVerdictName(witness::MemoryVerdict verdict);

// "nothing points to 29 of its 30 blocks"; "held by g_sessions"; "not known: ...".
std::string MemorySentence(const witness::Evidence& memory);

// "g_sessions (service)", "the stack of thread worker-3".
std::string HolderText(const witness::Holder& holder);

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_REPORT_WORDS_WITNESS_WORDS_H_
