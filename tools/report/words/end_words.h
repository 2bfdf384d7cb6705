// SPDX-License-Identifier: Apache-2.0
//
// How a run ended, where more is known than a word.
#ifndef LEAKTRACK_TOOLS_REPORT_WORDS_END_WORDS_H_
#define LEAKTRACK_TOOLS_REPORT_WORDS_END_WORDS_H_

#include <string>

#include "libtrack/capture/capture.h"

namespace leaktrack {

// "OOM-killed at 14:52:55 UTC by the limit of 300 MiB of /kubepods/burstable/pod1"
std::string OomKillText(const capture::OomKill& kill);

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_REPORT_WORDS_END_WORDS_H_
