// SPDX-License-Identifier: Apache-2.0
//
// Threads, in words: how many more, who starts them, and whether their stacks are what grows.
#ifndef LEAKTRACK_TOOLS_REPORT_TEXT_TEXT_THREADS_H_
#define LEAKTRACK_TOOLS_REPORT_TEXT_TEXT_THREADS_H_

#include <string>

#include "tools/analysis/model/result.h"

namespace leaktrack {

// True if most of the measured growth can only be stacks, and there are more and more threads.
bool ThreadsAreTheGrowth(const Analysis& analysis);

// "1,194/min more threads, most started by handle_request at svc.c:5"; "about 448 threads have
// ended and were never joined, most started by ..."
std::string ThreadsHeadline(const Analysis& analysis);

// "860 live, 601/min more; most were started by HandleRequest at svc.cc:15 (site 12)". Empty where
// their number does not change.
std::string ThreadsText(const Analysis& analysis);

// The site that starts most of them; null where none was seen.
const SiteResult* SiteThatStartsThreads(const Analysis& analysis);

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_REPORT_TEXT_TEXT_THREADS_H_
